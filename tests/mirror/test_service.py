"""The mirror takes over what the gateway says, and never what contradicts it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
import sqlalchemy as sa

from admin.domain.actor import Actor
from admin.domain.escrow import EscrowState
from admin.domain.money import Money
from admin.domain.payment import PaymentSnapshot, PaymentState, PaymentStatus
from admin.mirror.service import apply, next_fetch_seq
from admin.models import (
    AuditEntry,
    EscrowOrder,
    Observation,
    Payment,
    PaymentCancellation,
    db,
    transaction,
)
from admin.models.payment import time_ordered_id

UID = "imp_100000000001"
CARD = "5555-5555-5555-4444,4111111111111111"
SYNC = Actor.system("sync")


@pytest.fixture
def seen(stand_in, gateway) -> PaymentSnapshot:
    """A paid card payment of 10,000 won as the gateway shows it."""
    stand_in.paid(UID)
    return gateway.get_payment(UID)


def take(*snapshots, now, seq=None, source="sync"):
    seq = next_fetch_seq(now=now) if seq is None else seq
    with transaction():
        return apply(snapshots, fetch_seq=seq, source=source, actor=SYNC, now=now)


def row(imp_uid=UID) -> Payment:
    db.session.expire_all()
    return db.session.scalars(sa.select(Payment).where(Payment.imp_uid == imp_uid)).one()


def observations() -> list[Observation]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Observation).order_by(Observation.id)))


def actions() -> list[str]:
    return list(db.session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)))


def test_a_first_sight_becomes_a_row_and_an_observation(seen, now):
    applied = take(seen, now=now)[0]

    payment = row()
    assert (applied.new, applied.payment_id) == (True, payment.id)
    assert payment.snapshot() == seen
    assert (payment.buyer_tel_digits, payment.checked_at) == ("01012344821", now)
    assert [(one.changed, one.status) for one in observations()] == [(["*"], "paid")]


def test_the_same_look_again_changes_nothing_and_leaves_no_observation(seen, now):
    take(seen, now=now)
    later = now + timedelta(minutes=5)

    applied = take(seen, now=later)[0]

    assert (applied.new, applied.changed) == (False, False)
    assert (row().version, row().checked_at) == (1, later)
    assert len(observations()) == 1


def test_a_persons_own_look_is_kept_even_when_nothing_changed(seen, now):
    take(seen, now=now)

    take(seen, now=now, source="check")

    assert [one.changed for one in observations()] == [["*"], []]


def test_a_change_is_taken_over_with_what_changed(seen, stand_in, gateway, now):
    take(seen, now=now)
    stand_in.console_cancel(UID, 4_000)

    applied = take(gateway.get_payment(UID), now=now)[0]

    payment = row()
    assert {"cancelled", "cancellations", "cancelled_at"} <= set(applied.merged.changed)
    assert (payment.cancelled_minor, len(payment.cancellations)) == (4_000, 1)
    assert "cancelled" in observations()[-1].changed
    assert "payment.changed" in actions()


@pytest.mark.parametrize("reading", ["cancelled", "paid"])
def test_a_partial_cancel_is_judged_by_its_amounts_under_both_readings(
    seen, stand_in, gateway, now, reading
):
    stand_in.control("settings", {"partial_reading": reading})
    take(seen, now=now)
    stand_in.console_cancel(UID, 4_000)
    take(gateway.get_payment(UID), now=now)

    assert row().status.value == reading
    assert row().state(now) is PaymentState.PART_REFUNDED
    assert row().cancellable == Money(6_000)

    stand_in.console_cancel(UID, 6_000)
    take(gateway.get_payment(UID), now=now)

    assert row().state(now) is PaymentState.REFUNDED
    assert sorted(one.amount_minor for one in row().cancellations) == [4_000, 6_000]


def test_a_stale_look_is_recorded_and_not_applied(seen, stand_in, gateway, now):
    take(seen, now=now)
    stand_in.console_cancel(UID, 4_000)
    take(gateway.get_payment(UID), now=now)

    applied = take(seen, now=now)[0]  # a replica that has not heard of the cancel

    assert (applied.merged.stale, applied.changed) == (True, False)
    assert row().cancelled_minor == 4_000
    assert len(row().cancellations) == 1
    assert observations()[-1].stale


def test_of_two_looks_at_one_stage_the_later_asked_one_holds(seen, now):
    take(replace(seen, buyer_name="먼저"), now=now, seq=10)

    take(replace(seen, buyer_name="나중"), now=now, seq=12)
    take(replace(seen, buyer_name="늦게 온 옛 답"), now=now, seq=11)

    assert row().buyer_name == "나중"


@pytest.mark.parametrize(
    "lie",
    [
        {"amount": Money(10_001)},
        {"merchant_uid": "ORD-other"},
        {"started_at": "later"},
    ],
    ids=["amount", "order_number", "started_at"],
)
def test_a_contradiction_quarantines_and_overwrites_nothing(seen, now, lie):
    take(seen, now=now)
    if lie == {"started_at": "later"}:
        lie = {"started_at": seen.started_at + timedelta(seconds=1)}

    applied = take(replace(seen, cancelled=Money(5_000), **lie), now=now)[0]

    payment = row()
    assert applied.merged.conflicts == tuple(lie)
    assert payment.quarantined
    assert payment.snapshot() == seen
    assert observations()[-1].conflicts == list(lie)
    assert actions()[-1] == "payment.quarantined"


def test_a_failed_payment_that_turns_out_paid_is_taken_over_and_told(seen, now):
    failed = replace(seen, status=PaymentStatus.FAILED, paid_at=None, failed_at=now)
    take(failed, now=now)

    take(seen, now=now)

    assert row().status is PaymentStatus.PAID
    assert "payment.paid_after_failed" in actions()
    assert take(failed, now=now)[0].merged.stale
    assert row().status is PaymentStatus.PAID


def test_two_payments_whose_keys_collide_get_keys_of_their_own(seen, now):
    first, second = colliding(seen)

    take(replace(seen, imp_uid=first), now=now)
    take(replace(seen, imp_uid=second), now=now)

    ids = {row(first).id, row(second).id}
    assert len(ids) == 2
    assert min(ids) == time_ordered_id(seen.started_at, first)


def test_two_colliding_payments_of_one_page_get_keys_of_their_own(seen, now):
    first, second = colliding(seen)

    applied = take(replace(seen, imp_uid=first), replace(seen, imp_uid=second), now=now)

    assert len({one.payment_id for one in applied}) == 2


def test_keys_follow_the_time_of_the_request(seen, now):
    earlier = replace(seen, imp_uid="imp_0", started_at=seen.started_at - timedelta(seconds=1))

    take(seen, earlier, now=now)

    assert row("imp_0").id < row().id


def test_one_page_may_hold_a_payment_twice(seen, now):
    changed = replace(seen, buyer_name="고쳐 쓴 이름")

    applied = take(seen, changed, now=now)

    assert [one.new for one in applied] == [True, False]
    assert db.session.query(Payment).count() == 1


def test_an_escrow_payment_opens_an_escrow_order_that_follows_it(stand_in, gateway, now):
    stand_in.paid(
        UID, escrow=True, status="ready", paid_at=0, pay_method="vbank", vbank_num="5620001",
        vbank_date=int(now.timestamp()) + 3_600,
    )  # fmt: skip
    take(gateway.get_payment(UID), now=now)
    assert escrow_state() is EscrowState.AWAITING_DEPOSIT

    stand_in.control("buyer/deposit", {"imp_uid": UID})
    take(gateway.get_payment(UID), now=now)
    assert escrow_state() is EscrowState.TO_SHIP

    stand_in.console_cancel(UID)
    take(gateway.get_payment(UID), now=now)
    assert escrow_state() is EscrowState.REFUNDED


def test_nothing_of_a_page_stays_when_its_transaction_fails(seen, now):
    def half_done():
        with transaction():
            apply([seen], fetch_seq=1, source="sync", actor=SYNC, now=now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_done()

    for table in (Payment, Observation, PaymentCancellation):
        assert db.session.query(table).count() == 0


def test_the_mirror_is_not_written_outside_a_transaction(seen, now):
    with pytest.raises(RuntimeError):
        apply([seen], fetch_seq=1, source="sync", actor=SYNC, now=now)


def escrow_state() -> EscrowState:
    db.session.expire_all()
    return db.session.query(EscrowOrder).one().state


def colliding(seen) -> tuple[str, str]:
    """Two gateway numbers that give one and the same key."""
    taken: dict[int, str] = {}
    for number in range(20_000):
        uid = f"imp_{sha256(str(number).encode()).hexdigest()[:12]}"
        key = time_ordered_id(seen.started_at, uid)
        if key in taken:
            return taken[key], uid
        taken[key] = uid
    raise AssertionError("no two keys collide")


def test_a_contradiction_is_told_once_and_lifted_by_a_look_that_agrees(seen, now):
    take(seen, now=now)
    lie = replace(seen, amount=Money(10_001))
    for _ in range(3):
        take(lie, now=now)
    assert actions().count("payment.quarantined") == 1
    assert len(observations()) == 2

    take(seen, now=now)

    assert not row().quarantined


def test_a_change_keeps_both_values_of_what_changed(seen, stand_in, gateway, now):
    take(seen, now=now)
    stand_in.console_cancel(UID, 4_000)
    take(gateway.get_payment(UID), now=now)

    first, second = observations()
    assert first.deltas is None
    assert set(second.deltas) == set(second.changed)
    assert second.deltas["cancelled"] == [0, 4_000]
    assert [len(side) for side in second.deltas["cancellations"]] == [0, 1]


def test_what_changed_nothing_keeps_no_values(seen, now):
    take(seen, now=now)
    take(seen, now=now, source="check")
    take(replace(seen, amount=Money(10_001)), now=now)

    kept = (
        db.session.execute(sa.text("SELECT deltas FROM observations ORDER BY id")).scalars().all()
    )
    assert kept == [None, None, None]


def test_a_card_number_in_a_changed_field_is_never_kept(seen, stand_in, gateway, now):
    take(seen, now=now)
    later = {**stand_in.payment(UID), "buyer_name": "4111 1111 1111 1111", "custom_data": CARD}
    body = {"code": 0, "message": None, "response": later}
    stand_in.fail_next(f"/payments/{UID}", "garbage", body=json.dumps(body))
    take(gateway.get_payment(UID), now=now)

    kept = (
        db.session.execute(sa.text("SELECT deltas FROM observations ORDER BY id")).scalars().all()
    )
    assert "buyer_name" in str(kept[-1])
    assert "1111" not in str(kept)
