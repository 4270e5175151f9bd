"""The protocol itself: what is on disk when, who may send, who settles, and who may not."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from admin.domain.evidence import Verdict
from admin.domain.money import Money
from admin.domain.operation import IllegalMove, OperationKind, OperationState, SettledBy
from admin.gateway.client import Gateway
from admin.gateway.settings import GatewaySettings
from admin.models import AuditEntry, MoneyOperation, OperationAttempt, db, transaction
from admin.operations.errors import GatewayNotAnswering, OperationInProgress, WrongGateway
from admin.operations.intent import Intent, open_operation
from admin.operations.kinds.base import Seen
from admin.operations.resolver import advance, look, sweep
from admin.operations.service import TakenByAnother, execute, hand_to_people, settle
from tests.conftest import KEY, SECRET
from tests.operations.conftest import UID
from tests.operations.desk import (
    Killed,
    Network,
    every_operation,
    fresh,
    killed_after,
    killed_before,
)
from tests.operations.threads import at_once, in_thread

CANCEL = "/payments/cancel"
LOOK = f"/payments/{UID}"
Q = OperationState


def opened(desk, payment, amount=3_000, *, gateway=None) -> MoneyOperation:
    """The intent on disk, and nothing after it."""
    intent = Intent(
        kind=OperationKind.REFUND,
        form_key=desk.new_form(),
        reason="상품 불량",
        imp_uid=payment.imp_uid,
        merchant_uid=payment.merchant_uid,
        amount=Money(amount),
        seen=payment.cancellable,
    )
    with transaction():
        return open_operation(
            intent, actor=desk.actor, gateway=gateway or desk.gateway, now=desk.now
        )


def lost(desk, payment, connect, how) -> MoneyOperation:
    """What a process that was killed around its one write leaves behind."""
    with pytest.raises(Killed):
        desk.refund(payment, 3_000, gateway=connect(network=Network("POST", CANCEL, how)))
    return every_operation()[-1]


def test_the_intent_is_on_disk_as_sending_while_the_gateway_works(app, desk, payment, stand_in):
    stand_in.fail_next(CANCEL, "delay", method="POST", delay_ms=800)
    payment_id, left = payment.id, payment.cancellable.minor
    db.session.rollback()
    found = sa.select(
        MoneyOperation.state,
        MoneyOperation.sent_at,
        MoneyOperation.lease_until,
        MoneyOperation.baseline_cancelled_minor,
        MoneyOperation.expected_left_minor,
    )

    thread, outcome = in_thread(
        app, lambda: desk.refund(db.session.get(type(payment), payment_id), 3_000, seen=left).state
    )
    while not stand_in.sent(CANCEL):
        thread.join(timeout=0.02)
        assert thread.is_alive(), outcome
    with db.engine.connect() as another:
        row = another.execute(found).one()
    thread.join()

    assert row.state is Q.SENDING
    assert row.sent_at is not None
    assert row.lease_until > row.sent_at
    assert (row.baseline_cancelled_minor, row.expected_left_minor) == (0, 10_000)
    assert outcome == [Q.SUCCEEDED]


def test_every_step_and_every_move_is_recorded_in_order(desk, payment):
    operation = desk.refund(payment, 3_000)

    steps = db.session.scalars(sa.select(OperationAttempt.phase).order_by(OperationAttempt.id))
    assert list(steps) == ["preflight", "send", "answer"]
    query = sa.select(AuditEntry.action).where(AuditEntry.subject == f"operation:{operation.id}")
    actions = list(db.session.scalars(query.order_by(AuditEntry.id)))
    assert actions == ["refund.requested", "refund.sent", "refund.succeeded"]


def test_fault_f28_one_form_sent_five_times_at_once_is_one_refund(app, desk, payment, stand_in):
    stand_in.fail_next(CANCEL, "delay", method="POST", delay_ms=300)
    payment_id, left = payment.id, payment.cancellable.minor
    db.session.rollback()

    def press():
        again = db.session.get(type(payment), payment_id)
        return desk.refund(again, 3_000, seen=left, form_key="one-form").id

    outcomes = at_once(app, *[press] * 5)

    assert len(set(outcomes)) == 1, outcomes
    assert len(every_operation()) == len(stand_in.effects()) == stand_in.sent(CANCEL) == 1


def test_fault_f27_two_people_at_once_are_one_refund_and_one_refusal(app, desk, payment, stand_in):
    stand_in.fail_next(CANCEL, "delay", method="POST", delay_ms=1_000)
    payment_id, left = payment.id, payment.cancellable.minor
    db.session.rollback()
    both = threading.Barrier(2)

    def press(form_key):
        again = db.session.get(type(payment), payment_id)
        both.wait(timeout=10)
        return desk.refund(again, 3_000, seen=left, form_key=form_key)

    outcomes = at_once(app, lambda: press("kim"), lambda: press("lee"))

    refusals = [one for one in outcomes if isinstance(one, OperationInProgress)]
    assert len(refusals) == 1, outcomes
    assert refusals[0].values["who"] == desk.actor.name
    assert len(every_operation()) == len(stand_in.effects()) == stand_in.sent(CANCEL) == 1


def test_the_database_itself_holds_one_open_refund_a_payment(desk, payment):
    opened(desk, payment)

    with pytest.raises(sa.exc.IntegrityError, match=r"(?i)unique"):
        opened(desk, payment)

    assert len(every_operation()) == 1


def test_a_second_refund_waits_until_the_first_one_is_known(desk, payment, stand_in):
    stand_in.fail_next(CANCEL, "drop", method="POST")
    first = desk.refund(payment, 3_000)

    with pytest.raises(OperationInProgress) as refusal:
        desk.refund(payment, 1_000)

    assert refusal.value.operation_id == first.id
    assert stand_in.sent(CANCEL) == 1


def test_opening_a_second_refund_settles_the_first_where_it_can(desk, payment, stand_in):
    stand_in.fail_next(CANCEL, "drop", method="POST", when="after_commit")
    first = desk.refund(payment, 3_000)

    second = desk.refund(payment, 1_000, seen=7_000)

    assert (first.state, second.state) == (Q.SUCCEEDED, Q.SUCCEEDED)
    assert stand_in.payment(UID)["cancel_amount"] == 4_000


def test_crash_c1_what_was_never_sent_is_sent_by_the_sweep_a_minute_later(
    desk, payment, stand_in, connect
):
    network = Network("GET", LOOK, killed_before)
    with pytest.raises(Killed):
        desk.refund(payment, 3_000, gateway=connect(network=network))
    operation = every_operation()[0]
    assert operation.state is Q.READY

    assert desk.sweep(seconds=59) == 0
    assert desk.sweep(seconds=75) == 1

    assert operation.state is Q.SUCCEEDED
    assert len(stand_in.effects()) == 1


def test_crash_c1_what_was_never_sent_for_a_quarter_of_an_hour_expires(desk, payment, stand_in):
    operation = opened(desk, payment)

    desk.sweep(minutes=16)

    assert operation.state is Q.EXPIRED
    assert stand_in.requests(path=CANCEL) == []
    assert desk.refund(payment, 3_000).state is Q.SUCCEEDED


@pytest.mark.parametrize(
    ("how", "settled", "effects"),
    [(killed_before, Q.NOT_EXECUTED, 0), (killed_after, Q.SUCCEEDED, 1)],
    ids=["crash_c2_before_the_socket", "crash_c4_before_the_answer"],
)
def test_a_process_killed_while_sending_leaves_an_unknown_that_is_never_sent_again(
    desk, payment, stand_in, connect, *, how, settled, effects
):
    operation = lost(desk, payment, connect, how)
    assert operation.state is Q.SENDING
    before = stand_in.sent(CANCEL)

    assert desk.sweep(seconds=60) == 0  # the lease of the process that sends
    advance(operation.id, gateway=desk.gateway, now=desk.now + timedelta(seconds=60))
    assert operation.state is Q.SENDING
    assert desk.sweep(seconds=90) == 1
    assert (operation.state, operation.settled_by) == (Q.UNKNOWN, None)
    for minutes in (2, 5, 12):
        desk.sweep(minutes=minutes)

    assert operation.state is settled
    assert stand_in.sent(CANCEL) == before
    assert len(stand_in.effects()) == effects


def test_whoever_comes_second_neither_sends_nor_judges(desk, payment, stand_in, connect):
    operation = lost(desk, payment, connect, killed_after)
    closed = connect(url="http://127.0.0.1:9")

    for gateway in (desk.gateway, closed):
        with pytest.raises(TakenByAnother):
            execute(operation.id, gateway=gateway, now=desk.now)

    assert fresh(operation).state is Q.SENDING
    assert len(stand_in.effects()) == 1


def test_the_ladder_looks_again_and_again_and_then_asks_a_person(desk, payment, stand_in):
    stand_in.fail_next(CANCEL, "drop", method="POST", when="after_commit")
    operation = desk.refund(payment, 3_000)
    stand_in.fail_next(LOOK, "status", status=500, times=-1)

    moments = []
    at = operation.sent_at
    while operation.state is Q.UNKNOWN:
        at = operation.next_look_at
        moments.append(round((at - operation.sent_at).total_seconds()))
        assert sweep(gateway=desk.gateway, now=at) == 1
        assert operation.next_look_at > at

    assert moments == [15, 45, 120, 300, 600, 720, 900, 1_200, 1_500, 1_800]
    assert (operation.state, operation.is_open) == (Q.HUMAN, True)
    with pytest.raises(GatewayNotAnswering):
        desk.refund(payment, 1_000)
    stand_in._client.delete("/_sandbox/script")
    with time_machine.travel(desk.now + timedelta(hours=1)):
        assert look(operation.id, gateway=desk.gateway, now=at + timedelta(hours=1)).state is (
            Q.SUCCEEDED
        )
    assert stand_in.sent(CANCEL) == 1


def test_two_resolvers_never_look_at_one_operation_at_once(desk, payment, stand_in):
    stand_in.fail_next(CANCEL, "drop", method="POST")
    operation = desk.refund(payment, 3_000)
    with transaction():
        operation.lease_until = desk.now + timedelta(seconds=60)  # the other one's
    before = len(stand_in.requests(path=LOOK))

    desk.look(operation, seconds=30)

    assert len(stand_in.requests(path=LOOK)) == before
    assert operation.state is Q.UNKNOWN


def test_what_was_recorded_for_another_gateway_is_neither_sent_nor_judged(
    desk, payment, stand_in, connect
):
    elsewhere = connect(key="imp_another")
    ready = opened(desk, payment)
    with pytest.raises(WrongGateway):
        execute(ready.id, gateway=elsewhere, now=desk.now)
    sweep(gateway=elsewhere, now=desk.now + timedelta(minutes=2))
    assert (ready.state, stand_in.sent(CANCEL)) == (Q.READY, 0)

    stand_in.fail_next(CANCEL, "drop", method="POST", when="after_commit")
    execute(ready.id, gateway=desk.gateway, now=desk.now)
    with pytest.raises(WrongGateway):
        look(ready.id, gateway=elsewhere, now=desk.now + timedelta(minutes=1))
    sweep(gateway=elsewhere, now=desk.now + timedelta(hours=2))
    assert ready.state is Q.UNKNOWN
    assert stand_in.requests(path=LOOK)[-1]["n"] < stand_in.requests(path=CANCEL)[-1]["n"]

    with pytest.raises(WrongGateway):
        desk.refund(payment, 1_000, gateway=elsewhere)


def test_a_state_never_moves_where_it_may_not(desk, payment):
    operation = desk.refund(payment, 3_000)

    with pytest.raises(IllegalMove):
        settle(
            operation.id,
            Verdict(state=Q.FAILED, fact="too late"),
            Seen(),
            by=SettledBy.LOOKUP,
            phase="look",
            fetch_seq=0,
            now=desk.now,
        )
    hand_to_people(operation, now=desk.now)

    assert fresh(operation).state is Q.SUCCEEDED


def test_what_is_found_lost_late_is_looked_at_soon(desk, payment, connect):
    operation = lost(desk, payment, connect, killed_after)
    found = desk.now + timedelta(minutes=40)
    assert desk.sweep(minutes=40) == 1
    assert operation.state is Q.UNKNOWN
    assert operation.next_look_at < found + timedelta(minutes=1)


def test_a_process_that_stood_still_beyond_its_lease_sends_nothing(desk, payment, stand_in):
    def late_once_it_may_send():
        query = sa.select(OperationAttempt.id).where(OperationAttempt.phase == "send")
        stood_still = db.session.execute(query).first() is not None
        return desk.now + timedelta(minutes=20 if stood_still else 0)

    settings = GatewaySettings(stand_in.url, KEY, SECRET, include_sandbox=False)
    with Gateway(settings, now=late_once_it_may_send) as gateway:
        operation = desk.refund(payment, 3_000, gateway=gateway)
    assert operation.state is Q.NOT_EXECUTED
    assert stand_in.sent(CANCEL) == 0


def test_an_answer_that_comes_after_somebody_else_looked_is_still_written(
    app, desk, payment, stand_in, connect
):
    def given_up_meanwhile(request, forward):
        with app.app_context():  # another process, with a session of its own
            assert desk.sweep(seconds=90) == 1
            db.session.remove()

    network = Network("POST", CANCEL, given_up_meanwhile)
    operation = desk.refund(payment, 3_000, gateway=connect(network=network))
    assert fresh(operation).state is Q.SUCCEEDED
    assert stand_in.sent(CANCEL) == 1
