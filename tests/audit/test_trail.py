"""S75: nobody rewrites the trail. S76: no entry, no change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
import sqlalchemy as sa

from admin.accounts.service import change_role
from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.permissions import Role
from admin.gateway.client import Gateway
from admin.models import AuditEntry, Note, Operator, Payment, db, transaction
from admin.models.audit_entry import AuditIsAppendOnly
from admin.payments.service import add_note, sync_payment
from tests.conftest import add_operator, is_postgresql
from tests.people import ORIGIN, Person
from tests.stand_in import StandIn

WRECKING = [
    "UPDATE audit_entries SET action = 'nothing.happened'",
    "UPDATE audit_entries SET facts = '{}' WHERE id = (SELECT max(id) FROM audit_entries)",
    "DELETE FROM audit_entries",
    "DELETE FROM audit_entries WHERE id = (SELECT max(id) FROM audit_entries)",
]


def count(model: type) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


@pytest.mark.parametrize("statement", WRECKING)
def test_security_s75_the_database_refuses_to_change_or_delete_an_entry(
    statement: str, actor: Actor
) -> None:
    db.session.commit()
    with db.engine.connect() as connection:
        before = connection.execute(sa.text("SELECT * FROM audit_entries ORDER BY id")).all()
        connection.rollback()
        with pytest.raises(sa.exc.DBAPIError, match="never"):
            connection.execute(sa.text(statement))
        connection.rollback()
        after = connection.execute(sa.text("SELECT * FROM audit_entries ORDER BY id")).all()
    assert before
    assert after == before


def test_security_s75_replacing_an_entry_is_refused_too(actor: Actor) -> None:
    """SQLite's REPLACE deletes without asking triggers, unless told to ask."""
    newest = db.session.scalar(sa.select(sa.func.max(AuditEntry.id)))
    db.session.commit()
    statement = (
        "INSERT INTO audit_entries (id, at, actor, action, subject, facts) "
        f"VALUES ({newest}, '2026-01-01 00:00:00', 'x', 'nothing.happened', 'x', '{{}}') "
    )
    if is_postgresql():
        statement += "ON CONFLICT (id) DO UPDATE SET action = 'nothing.happened'"
    else:
        statement = statement.replace("INSERT", "INSERT OR REPLACE")
    with db.engine.connect() as connection:
        with pytest.raises(sa.exc.DBAPIError):
            connection.execute(sa.text(statement))
        connection.rollback()
        kept = connection.execute(sa.select(AuditEntry.action).where(AuditEntry.id == newest))
        assert kept.scalar_one() != "nothing.happened"


def test_security_s75_postgresql_refuses_to_empty_the_table(actor: Actor) -> None:
    if not is_postgresql():
        return  # SQLite has no TRUNCATE
    db.session.commit()
    with db.engine.connect() as connection, pytest.raises(sa.exc.DBAPIError, match="never"):
        connection.execute(sa.text("TRUNCATE audit_entries"))


def test_security_s75_the_program_refuses_before_the_database_has_to(actor: Actor) -> None:
    entry = db.session.scalars(sa.select(AuditEntry)).first()
    with pytest.raises(AuditIsAppendOnly), transaction():
        db.session.delete(entry)


FULL_ON_SQLITE = (
    "CREATE TRIGGER trail_is_full BEFORE INSERT ON audit_entries "
    "BEGIN SELECT RAISE(ABORT, 'no room'); END",
)
FULL_ON_POSTGRESQL = (
    "CREATE OR REPLACE FUNCTION trail_is_full() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'no room'; END $$",
    "CREATE TRIGGER trail_is_full BEFORE INSERT ON audit_entries "
    "FOR EACH ROW EXECUTE FUNCTION trail_is_full()",
)


@contextmanager
def full_trail() -> Iterator[None]:
    """Meanwhile the trail takes no entry, as on a full disk."""
    _run(*(FULL_ON_POSTGRESQL if is_postgresql() else FULL_ON_SQLITE))
    try:
        yield
    finally:
        _run("DROP TRIGGER trail_is_full" + (" ON audit_entries" if is_postgresql() else ""))


def _run(*statements: str) -> None:
    db.session.rollback()
    with db.engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def test_security_s76_a_note_without_its_entry_is_not_kept(
    stand_in: StandIn, gateway: Gateway, actor: Actor, now: datetime
) -> None:
    stand_in.paid("imp_100000000001")
    applied = sync_payment("imp_100000000001", source="tests", gateway=gateway, now=now)
    with full_trail(), pytest.raises(sa.exc.DBAPIError, match="no room"):
        add_note(applied.payment_id, "kept only with its entry", actor=actor, now=now)
    assert count(Note) == 0


def test_security_s76_a_role_without_its_entry_is_not_given(actor: Actor, now: datetime) -> None:
    person = add_operator(Role.VIEWER)
    with full_trail(), pytest.raises(sa.exc.DBAPIError, match="no room"):
        change_role(person.id, Role.ADMIN, actor=actor, now=now)
    db.session.expire_all()
    assert db.session.get_one(Operator, person.id).role is Role.VIEWER


def test_security_s76_a_payment_without_its_entry_is_not_taken_in(
    stand_in: StandIn, gateway: Gateway, now: datetime
) -> None:
    stand_in.paid("imp_100000000001")
    with full_trail(), pytest.raises(sa.exc.DBAPIError, match="no room"):
        sync_payment("imp_100000000001", source="tests", gateway=gateway, now=now)
    assert count(Payment) == 0


def test_security_s76_no_refund_leaves_without_its_entry(
    stand_in: StandIn, gateway: Gateway, finance: Person, now: datetime
) -> None:
    """The intent and its entry are one transaction, so nothing was sent either."""
    stand_in.paid("imp_100000000001")
    applied = sync_payment("imp_100000000001", source="tests", gateway=gateway, now=now)
    page = f"/payments/{applied.payment_id}/refunds/"
    fields = finance.hidden_fields(page + "new")
    with full_trail():
        answer = finance.client.post(
            page,
            base_url=ORIGIN,
            data={**fields, "amount": "3000", "reason": "defective", "note": ""},
        )
    assert answer.status_code == 500
    assert stand_in.payment("imp_100000000001")["cancel_amount"] == 0


def test_security_s76_an_entry_outside_a_transaction_is_refused(
    actor: Actor, now: datetime
) -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        record(actor, "something.done", "thing:1", now=now)


def test_card_numbers_never_reach_the_trail(actor: Actor, now: datetime) -> None:
    with transaction():
        record(actor, "note.written", "thing:1", now=now, text="4111 1111 1111 1111 이래요")
    newest = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert newest is not None
    assert "4111" not in str(newest.facts)
