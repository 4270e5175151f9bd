"""Demo people. They can sign in only while the gateway is the sandbox on this computer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from admin.accounts.service import find_operator, make_operator
from admin.domain.actor import Actor
from admin.domain.permissions import Role
from admin.models import Operator

PASSWORD = "jangbu-practice-2026"  # noqa: S105 - printed at the start, useless outside the sandbox
PEOPLE = (
    ("finance@demo.example", "김서연", Role.FINANCE),
    ("support@demo.example", "박지훈", Role.SUPPORT),
    ("manager@demo.example", "이수민", Role.MANAGER),
    ("viewer@demo.example", "최도현", Role.VIEWER),
    ("admin@demo.example", "정하늘", Role.ADMIN),
)


def seed_demo_operators(
    hash_password: Callable[[str], str], *, now: datetime
) -> Iterator[tuple[Operator, str]]:
    """Make the demo people who are not here yet; yield all of them with their password."""
    actor = Actor.system("seed")
    for email, name, role in PEOPLE:
        operator = find_operator(email) or make_operator(
            email=email,
            name=name,
            role=role,
            password_hash=hash_password(PASSWORD),
            demo=True,
            actor=actor,
            now=now,
        )
        yield operator, PASSWORD
