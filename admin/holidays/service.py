"""Add a holiday that the government named late, and remove one that was entered wrongly."""

from __future__ import annotations

from datetime import date, datetime

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.business_days import SATURDAY
from admin.domain.card_guard import holds_card_number
from admin.domain.errors import N_, InvalidInput, NotFound
from admin.domain.permissions import Permission
from admin.models import Holiday, db, lock, transaction

LONGEST_NAME = 80


def add_holiday(day: date, name: str, *, actor: Actor, now: datetime) -> None:
    """Banks are closed on that day. Raises InvalidInput for a weekend or a day that is known."""
    actor.require(Permission.HOLIDAYS_MANAGE)
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or holds_card_number(name):
        raise InvalidInput(N_("Say in a few words what day it is."), field="name")
    if day.weekday() >= SATURDAY:
        raise InvalidInput(N_("Weekends are no business days anyway."), field="day")
    with transaction():
        if lock(Holiday, day) is not None:
            raise InvalidInput(N_("This day is in the list already."), field="day")
        db.session.add(Holiday(day=day, name=name, added_by=actor.name, added_at=now))
        record(actor, "holiday.added", f"holiday:{day}", now=now, name=name)


def remove_holiday(day: date, *, actor: Actor, now: datetime) -> None:
    """Banks are open on that day after all. Raises NotFound."""
    actor.require(Permission.HOLIDAYS_MANAGE)
    with transaction():
        holiday = lock(Holiday, day)
        if holiday is None:
            raise NotFound()
        record(actor, "holiday.removed", f"holiday:{day}", now=now, name=holiday.name)
        db.session.delete(holiday)
