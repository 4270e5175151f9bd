"""The database refuses: full, locked, gone or in a deadlock. Nothing half, nothing sent twice."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from admin.domain.operation import OperationState
from admin.domain.permissions import Role
from admin.models import Payment, db, lock, transaction
from admin.models.engine import BUSY_MILLISECONDS
from tests.conftest import is_postgresql
from tests.faults.databases import full_disk, nobody_else_writes
from tests.faults.threads import begin, until
from tests.operations.desk import Network, every_operation

pytestmark = pytest.mark.slow
on_postgresql = pytest.mark.skipif(not is_postgresql(), reason="PostgreSQL's own fault")

CANCEL = "/payments/cancel"
EN = {"headers": {"Accept-Language": "en"}}
TYPED = {"amount": "3000", "reason": "late", "note": ""}
BUSY = "Busy right now. Nothing was sent; try again in a moment."
CHECKING = "Finding out what became of the refund of 3,000 KRW"
Q = OperationState


@pytest.fixture
def impatient(app):
    """A database that waits for its turn a fifth of a second; it is made to wait 3 to 5 seconds."""
    asks = "SHOW lock_timeout" if is_postgresql() else "PRAGMA busy_timeout"
    with db.engine.connect() as connection:
        assert str(connection.exec_driver_sql(asks).scalar()) in ("3s", str(BUSY_MILLISECONDS))

    def hurry(connection, _entry) -> None:
        cursor = connection.cursor()
        cursor.execute("SET lock_timeout = 200" if is_postgresql() else "PRAGMA busy_timeout=200")
        cursor.close()
        connection.commit()

    db.session.rollback()
    db.engine.dispose()
    sa.event.listen(db.engine, "connect", hurry)
    yield
    sa.event.remove(db.engine, "connect", hurry)
    db.session.remove()
    db.engine.dispose()


def states() -> list[OperationState]:
    return [one.state for one in every_operation()]


def test_fault_f36_a_full_disk_stops_a_refund_before_it_is_sent(
    visit, web, payment, stand_in, desk
):
    person = visit(Role.FINANCE)
    path = f"/payments/{payment.id}/refunds/"
    fields = person.form(f"{path}new", **TYPED)
    db.session.rollback()

    with full_disk(web.workers):
        answer = person.post(path, fields)

    assert (answer.status_code, BUSY in answer.text) == (503, True), answer.text
    assert (states(), stand_in.requests(path=CANCEL)) == ([], [])
    again = person.post(path, fields)
    assert again.status_code == 303
    assert states() == [Q.SUCCEEDED]


def test_fault_f37_an_outcome_that_finds_no_space_is_looked_up_when_there_is(
    visit, web, proxy, payment, stand_in, desk
):
    person = visit(Role.FINANCE)
    path = f"/payments/{payment.id}/refunds/"
    fields = person.form(f"{path}new", **TYPED)
    db.session.rollback()
    held = proxy.hold_answer("POST", CANCEL)

    with ThreadPoolExecutor(1) as pool:
        pressed = pool.submit(person.post, path, fields)
        assert held.reached.wait(20)
        with full_disk(web.workers):
            held.release()
            answer = pressed.result(30)

    assert answer.status_code == 303, answer.text
    assert CHECKING in person.get(answer.headers["location"]).text
    assert states() == [Q.SENDING]
    desk.sweep(minutes=2)
    assert states() == [Q.UNKNOWN]
    desk.sweep(minutes=5)
    assert states() == [Q.SUCCEEDED]
    assert len(stand_in.requests(path=CANCEL)) == len(stand_in.effects()) == 1


def test_fault_f38_a_database_that_is_kept_locked_refuses_before_anything_is_sent(
    support, payment, stand_in, impatient
):
    path = f"/payments/{payment.id}/refunds/"
    fields = support.hidden_fields(f"{path}new") | TYPED
    token = fields["csrf_token"]
    db.session.rollback()

    with nobody_else_writes():
        answer = support.client.post(
            path, base_url="https://localhost", data={**fields, "csrf_token": token}, **EN
        )

    assert (answer.status_code, BUSY in answer.text) == (503, True), answer.text
    assert (states(), stand_in.requests(path=CANCEL)) == ([], [])
    assert support.post(path, fields).status_code == 303
    assert states() == [Q.SUCCEEDED]


def test_fault_f38_an_outcome_that_cannot_be_written_is_never_called_unsent(
    app, support, desk, payment, stand_in, connect, impatient
):
    """The lock comes while the gateway works, and outlasts every wait."""
    locked, over = threading.Event(), threading.Event()

    def keep() -> None:
        with nobody_else_writes():
            locked.set()
            over.wait(30)

    with ThreadPoolExecutor(1) as pool:
        keeping = []

        def lock_now(_request, _forward) -> None:
            keeping.append(begin(app, pool, keep))
            assert locked.wait(10)

        gateway = connect(network=Network("POST", CANCEL, lock_now))
        operation = desk.refund(payment, 3_000, gateway=gateway)
        over.set()
        keeping[0].result()

    assert (operation.state, states()) == (Q.SENDING, [Q.SENDING])
    assert CHECKING in support.get(f"/operations/{operation.id}", **EN).text
    desk.sweep(minutes=2)
    desk.sweep(minutes=5)
    assert states() == [Q.SUCCEEDED]
    assert len(stand_in.effects()) == 1


def test_fault_f39_what_was_read_before_never_stops_a_write(app, desk, payment):
    """Each thread reads first, and by its turn to write another one has written."""
    payment_id, rounds, people = payment.id, 10, 4
    before = payment.version
    db.session.rollback()

    def bump() -> None:
        for _ in range(rounds):
            db.session.get_one(Payment, payment_id)
            with transaction():
                row = lock(Payment, payment_id)
                assert row is not None
                row.version += 1

    with ThreadPoolExecutor(people) as pool:
        for one in [begin(app, pool, bump) for _ in range(people)]:
            one.result()

    db.session.rollback()
    db.session.expire_all()
    assert db.session.get_one(Payment, payment_id).version == before + rounds * people


@on_postgresql
def test_fault_f59_a_database_that_restarts_while_the_outcome_is_written(
    app, desk, payment, stand_in, connect
):
    """T3 waits for its turn when the server ends every connection."""
    held = threading.Event()

    def hold(_request, _forward) -> None:
        held.set()

    payment_id, left = payment.id, payment.cancellable.minor
    gateway = connect(network=Network("POST", CANCEL, hold))
    db.session.rollback()
    with ThreadPoolExecutor(1) as pool, db.engine.connect() as holder:
        refund = begin(
            app,
            pool,
            lambda: (
                desk.refund(
                    db.session.get_one(Payment, payment_id), 3_000, seen=left, gateway=gateway
                ).state
            ),
        )
        until(held.is_set, "the sending", unless=refund)
        holder.execute(sa.text("LOCK TABLE operation_attempts IN EXCLUSIVE MODE"))
        waits = """SELECT pid FROM pg_stat_activity
            WHERE wait_event_type = 'Lock' AND datname = current_database()"""
        pids = until(lambda: watch(waits), "the writing of the outcome", unless=refund)
        watch(f"SELECT pg_terminate_backend({pids[0]})")
        holder.rollback()
        outcome = refund.result(30)

    assert outcome in (Q.SENDING, Q.SUCCEEDED)
    desk.sweep(minutes=2)
    desk.sweep(minutes=5)
    assert states() == [Q.SUCCEEDED]
    assert len(stand_in.requests(path=CANCEL)) == len(stand_in.effects()) == 1


@on_postgresql
def test_fault_f60_a_deadlock_repeats_the_writing_and_never_the_sending(
    app, desk, payment, stand_in, connect
):
    """Another transaction holds the payment and then wants the operation."""
    held = threading.Event()
    payment_id, left = payment.id, payment.cancellable.minor
    gateway = connect(network=Network("POST", CANCEL, lambda _r, _f: held.wait(20)))
    db.session.rollback()
    with ThreadPoolExecutor(1) as pool, db.engine.connect() as other:
        other.execute(sa.text("SET deadlock_timeout = '20s'"))  # so that it is not the one to end
        refund = begin(
            app,
            pool,
            lambda: (
                desk.refund(
                    db.session.get_one(Payment, payment_id), 3_000, seen=left, gateway=gateway
                ).state
            ),
        )
        until(lambda: watch("SELECT 1 FROM operations WHERE state = 'sending'"), "sending")
        other.execute(sa.text("SELECT 1 FROM payments FOR UPDATE"))
        held.set()
        waits = """SELECT pid FROM pg_stat_activity
            WHERE wait_event_type = 'Lock' AND datname = current_database()"""
        until(lambda: watch(waits), "the writing of the outcome", unless=refund)
        other.execute(sa.text("SELECT 1 FROM operations FOR UPDATE"))
        other.rollback()
        assert refund.result(30) is Q.SUCCEEDED

    assert states() == [Q.SUCCEEDED]
    assert len(stand_in.requests(path=CANCEL)) == len(stand_in.effects()) == 1


def watch(query: str) -> list[int]:
    """The first column of what the server says, over a connection of its own."""
    with db.engine.connect() as connection:
        return list(connection.scalars(sa.text(query)))


@on_postgresql
def test_a_question_that_takes_too_long_ends_on_a_page_of_ours(finance):
    """The server gives the question up; the page about it asks the database for its frame."""
    with db.engine.connect() as holder:
        holder.execute(sa.text("LOCK TABLE payments IN ACCESS EXCLUSIVE MODE"))
        answer = finance.get("/payments/", headers={"Accept-Language": "en"})
        holder.rollback()

    assert answer.status_code == 503
    assert "Busy right now. Nothing was sent" in answer.text
    assert finance.get("/payments/").status_code == 200
