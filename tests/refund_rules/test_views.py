"""Managers keep the rules; nobody keeps their own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from admin.domain.permissions import Role
from admin.models import AuditEntry, RefundLimit, RefundReason, db
from tests.people import Person

RULES = "/refunds/rules/"


@pytest.fixture
def manager(sign_in: Callable[[Role], Person]) -> Person:
    return sign_in(Role.MANAGER)


def limit(scope: str) -> tuple[int | None, int | None] | None:
    db.session.expire_all()
    row = db.session.get(RefundLimit, scope)
    return (row.per_refund_minor, row.per_day_minor) if row else None


def keep(person: Person, scope: str, per_refund: str, per_day: str) -> int:
    form = {f"{scope}-per_refund": per_refund, f"{scope}-per_day": per_day}
    return person.post(f"{RULES}limits/{scope}/", form).status_code


def test_a_limit_is_kept_with_who_and_from_what_to_what(manager: Person) -> None:
    assert keep(manager, "role:support", "50,000", "") == 303
    assert limit("role:support") == (50_000, None)
    entry = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.action == "refund_limit.changed")
    ).one()
    assert entry.facts == {
        "before": "300,000 KRW each, 1,000,000 KRW a day",
        "after": "50,000 KRW each, no limit a day",
    }


@pytest.mark.parametrize("typed", ["-1", "1.5", "오만", "1,00"])
def test_what_is_no_amount_changes_nothing_and_stays_as_typed(manager: Person, typed: str) -> None:
    form = {"role:support-per_refund": typed, "role:support-per_day": ""}
    answer = manager.post(f"{RULES}limits/role:support/", form)
    assert answer.status_code == 422
    assert f'value="{typed}"' in answer.text
    assert limit("role:support") == (300_000, 1_000_000)


def test_nobody_keeps_the_limit_that_holds_for_themselves(manager: Person) -> None:
    assert keep(manager, "role:manager", "", "") == 403
    assert limit("role:manager") == (5_000_000, 20_000_000)
    assert f"{RULES}limits/role:manager/" not in manager.get(RULES).text


def test_a_person_has_a_limit_of_their_own_until_it_is_removed(
    manager: Person, support: Person
) -> None:
    assert support.operator is not None
    number = support.operator.id
    form = {"own-operator": str(number), "own-per_refund": "1000", "own-per_day": "2000"}
    assert manager.post(f"{RULES}limits/", form).status_code == 303
    assert limit(f"operator:{number}") == (1_000, 2_000)
    assert manager.post(f"{RULES}limits/operator/{number}/removal/", {}).status_code == 303
    assert limit(f"operator:{number}") is None


def test_a_scope_that_is_nobodys_is_not_found(manager: Person) -> None:
    assert keep(manager, "operator:999999", "1", "1") == 404
    assert keep(manager, "everyone", "1", "1") == 404


def test_a_reason_is_added_and_offered_no_more(manager: Person, support: Person) -> None:
    manager.post(f"{RULES}reasons/", {"text": "가격 오류", "english": "Wrong price"})
    added = db.session.scalars(
        sa.select(RefundReason).where(RefundReason.text == "가격 오류")
    ).one()
    assert added.is_active
    manager.post(f"{RULES}reasons/{added.code}/switch/", {})
    db.session.expire_all()
    assert not db.session.get_one(RefundReason, added.code).is_active
    twice = manager.post(f"{RULES}reasons/", {"text": "가격 오류", "english": "Again"})
    assert twice.status_code == 422


def test_the_last_reason_stays(manager: Person) -> None:
    codes = list(db.session.scalars(sa.select(RefundReason.code)))
    answers = [manager.post(f"{RULES}reasons/{code}/switch/", {}).status_code for code in codes]
    assert answers == [303] * (len(codes) - 1) + [422]
