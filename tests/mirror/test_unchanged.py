"""A page that tells nothing new costs a few statements, and leaves out nothing that moves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from admin.domain.actor import Actor
from admin.domain.escrow import EscrowState
from admin.domain.money import Money
from admin.domain.payment import PaymentSnapshot
from admin.mirror.service import Applied, apply
from admin.models import EscrowOrder, Observation, Payment, db, transaction

MINUTE = timedelta(minutes=1)
SYNC = Actor.system("sync")


@pytest.fixture
def page(stand_in, gateway) -> list[PaymentSnapshot]:
    """Twelve payments as the gateway shows them, of which one was given back in two parts."""
    uids = [f"imp_{number:012d}" for number in range(12)]
    for uid in uids:
        stand_in.paid(uid)
    stand_in.console_cancel(uids[3], 4_000)
    stand_in.console_cancel(uids[3], 1_000)
    return [gateway.get_payment(uid) for uid in uids]


def take(snapshots, *, seq, now, source="sync") -> list[Applied]:
    with transaction():
        applied = apply(snapshots, fetch_seq=seq, source=source, actor=SYNC, now=now)
    db.session.expunge_all()
    return applied


@contextmanager
def statements() -> Iterator[list[str]]:
    """What reaches the database inside."""
    told: list[str] = []

    def hear(_connection, _cursor, statement, *_rest):
        told.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", hear)
    try:
        yield told
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", hear)


def rows() -> list[sa.Row]:
    db.session.rollback()
    columns = (Payment.checked_at, Payment.fetch_seq, Payment.version, Payment.quarantined)
    return list(db.session.execute(sa.select(*columns).order_by(Payment.imp_uid)))


def test_a_page_seen_again_takes_the_same_few_statements_whatever_its_size(page, now):
    take(page, seq=1, now=now)

    with statements() as of_three:
        take(page[2:5], seq=2, now=now + MINUTE)
    with statements() as of_all:
        applied = take(page, seq=3, now=now + 2 * MINUTE)

    assert len(of_all) == len(of_three) < 6
    assert not any(one.new or one.changed for one in applied)
    assert rows() == [(now + 2 * MINUTE, 3, 1, False)] * 12
    assert db.session.query(Observation).count() == 12


def test_an_earlier_look_that_comes_late_takes_no_place_back(page, now):
    take(page, seq=7, now=now)

    applied = take(page, seq=5, now=now + MINUTE)

    assert {one.merged.result.fetch_seq for one in applied} == {7}
    assert {row.fetch_seq for row in rows()} == {7}
    take([replace(page[0], buyer_name="옛 이름")], seq=6, now=now + MINUTE)
    assert db.session.scalar(sa.select(sa.func.count()).where(Payment.buyer_name == "옛 이름")) == 0


def test_one_change_among_many_is_taken_over_and_the_rest_confirmed(page, now):
    take(page, seq=1, now=now)
    page[5] = replace(page[5], buyer_name="새 이름")

    applied = take(page, seq=2, now=now + MINUTE)

    assert [one.payment_id for one in applied if one.changed] == [applied[5].payment_id]
    assert [row.version for row in rows()] == [1] * 5 + [2] + [1] * 6
    assert {(row.checked_at, row.fetch_seq) for row in rows()} == {(now + MINUTE, 2)}


def test_a_look_that_agrees_lifts_the_quarantine(page, now):
    take(page, seq=1, now=now)
    take([replace(page[0], amount=Money(10_001))], seq=2, now=now)
    assert rows()[0].quarantined

    take(page, seq=3, now=now)

    assert not rows()[0].quarantined


def test_a_cancel_that_a_look_has_lost_is_kept_without_a_change(page, now):
    take(page, seq=1, now=now)
    page[3] = replace(page[3], cancellations=page[3].cancellations[:1])

    applied = take(page, seq=2, now=now)

    assert not any(one.changed for one in applied)
    assert len(applied[3].merged.result.snapshot.cancellations) == 2


@pytest.mark.parametrize("source", ["sync", "check"])
@pytest.mark.parametrize("first", [0, 1])
def test_two_cancels_of_one_second_stand_in_no_order_that_could_change(page, now, source, first):
    one, other = (replace(entry, cancelled_at=now) for entry in page[3].cancellations)
    page[3] = replace(page[3], cancellations=((one, other), (other, one))[first])
    take(page, seq=1, now=now)

    applied = take(page, seq=2, now=now, source=source)

    assert not any(seen.changed for seen in applied)


def test_an_object_that_the_session_holds_is_brought_up_to_date(page, now):
    take(page, seq=1, now=now)
    held = db.session.scalars(sa.select(Payment).where(Payment.imp_uid == page[0].imp_uid)).one()

    with transaction():
        apply(page, fetch_seq=2, source="sync", actor=SYNC, now=now + MINUTE)

    assert (held.checked_at, held.fetch_seq) == (now + MINUTE, 2)


def test_an_account_whose_time_is_over_ends_its_escrow_order_though_nothing_else_moved(
    stand_in, gateway, now
):
    stand_in.paid(
        "imp_1", escrow=True, status="ready", paid_at=0, pay_method="vbank", vbank_num="5620001",
        vbank_date=int((now + MINUTE).timestamp()),
    )  # fmt: skip
    seen = gateway.get_payment("imp_1")
    take([seen], seq=1, now=now)
    assert db.session.scalar(sa.select(EscrowOrder.state)) is EscrowState.AWAITING_DEPOSIT

    take([seen], seq=2, now=now + timedelta(hours=1))

    assert db.session.scalar(sa.select(EscrowOrder.state)) is EscrowState.ENDED
