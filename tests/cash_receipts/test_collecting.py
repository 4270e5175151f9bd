"""Rounds: what is asked, what is kept, what ends one, and that nothing is asked for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from admin.cash_receipts.service import MOST_LOOKS, collect
from admin.cash_receipts.tasks import COLLECT
from admin.domain.actor import Actor
from admin.gateway.circuit import OPENS_AFTER
from admin.gateway.errors import GatewayError
from admin.jobs.service import enqueue
from admin.jobs.worker import run_job
from admin.models import CashReceipt, Job, db, transaction
from admin.payments.service import check_payment
from sandbox.numbering import automatic_receipt_num
from tests.payments.trade import a_payment, plant, take_in

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FIRST, SECOND = "imp_000000000001", "imp_000000000002"


def issued(number: int, at, **fields):
    """A transfer for which KCP issued a cash receipt by itself."""
    own = {"pay_method": "trans", "pg_provider": "kcp", "cash_receipt_issued": True}
    return a_payment(number, at, **own | fields)


def round_of(gateway, now) -> int:
    return collect(gateway=gateway, now=now, report=lambda _done, _total: None)


def asked(stand_in) -> list[str]:
    """The gateway numbers whose receipts were asked for, in that order."""
    paths = [one["path"] for one in stand_in.requests() if one["path"].startswith("/receipts/")]
    return [path.rsplit("/", 1)[1] for path in paths]


def kept() -> dict[int, CashReceipt]:
    db.session.rollback()
    return {one.payment_id: one for one in db.session.scalars(sa.select(CashReceipt))}


def test_a_round_learns_what_the_gateway_tells_and_a_second_asks_nothing(stand_in, gateway, now):
    at = now - HOUR
    trade = [issued(1, at), issued(2, at + timedelta(minutes=1), amount=11_000), a_payment(3, at)]
    keys = take_in(stand_in, gateway, *trade, now=now)

    assert round_of(gateway, now) == 2
    assert round_of(gateway, now + 8 * DAY) == 0

    assert asked(stand_in) == [SECOND, FIRST]  # the newest first, and neither of them twice
    receipt = kept()[keys[SECOND]]
    assert receipt.apply_num == automatic_receipt_num(SECOND)
    assert (receipt.amount_minor, receipt.vat_minor) == (11_000, 1_000)
    assert receipt.kind in ("person", "company")
    assert receipt.applied_at == (at + timedelta(minutes=1)).replace(microsecond=0)
    assert receipt.cancelled_at is None
    assert (receipt.first_looked_at, receipt.looked_at) == (now, now)
    assert kept().keys() == {keys[FIRST], keys[SECOND]}


def test_a_round_takes_fifty(stand_in, gateway, now):
    many = [issued(number, now - HOUR) for number in range(1, MOST_LOOKS + 3)]
    take_in(stand_in, gateway, *many, now=now)

    assert round_of(gateway, now) == MOST_LOOKS
    assert round_of(gateway, now) == 2
    assert len(asked(stand_in)) == len(set(asked(stand_in))) == MOST_LOOKS + 2


def test_none_at_the_gateway_is_kept_and_asked_again_by_the_day_for_a_week(stand_in, gateway, now):
    keys = take_in(stand_in, gateway, issued(1, now - HOUR), now=now)
    plant(stand_in, issued(1, now - HOUR, cash_receipt_issued=False))  # there it is none any more

    for hours in range(0, 24 * 10, 6):
        round_of(gateway, now + hours * HOUR)

    assert len(asked(stand_in)) == 7
    receipt = kept()[keys[FIRST]]
    assert (receipt.apply_num, receipt.first_looked_at) == (None, now)
    assert receipt.looked_at == now + 6 * DAY


def test_what_came_late_is_learned_the_next_day(stand_in, gateway, now):
    keys = take_in(stand_in, gateway, issued(1, now - HOUR), now=now)
    plant(stand_in, issued(1, now - HOUR, cash_receipt_issued=False))
    round_of(gateway, now)
    plant(stand_in, issued(1, now - HOUR))

    round_of(gateway, now + DAY)

    assert kept()[keys[FIRST]].apply_num == automatic_receipt_num(FIRST)


@pytest.mark.parametrize(
    "trouble", [{"action": "status", "status": 429}, {"action": "drop"}], ids=["busy", "silent"]
)
def test_a_gateway_that_does_not_answer_ends_the_round_and_the_next_goes_on(
    stand_in, gateway, now, trouble
):
    trade = [issued(number, now - HOUR + number * timedelta(minutes=1)) for number in (1, 2, 3)]
    keys = take_in(stand_in, gateway, *trade, now=now)
    stand_in.control(
        "script", {"path": f"/receipts/{SECOND}", "method": "GET", "times": 3, **trouble}
    )

    assert round_of(gateway, now) == 1
    assert kept().keys() == {keys["imp_000000000003"]}
    assert FIRST not in asked(stand_in)

    assert round_of(gateway, now) == 2
    assert kept().keys() == set(keys.values())
    assert not gateway.is_paused


def test_one_that_the_gateway_stumbles_over_does_not_hold_up_the_others(stand_in, gateway, now):
    keys = take_in(stand_in, gateway, issued(1, now - HOUR), issued(2, now), now=now)
    broken = {"path": f"/receipts/{SECOND}", "action": "status", "status": 500, "times": -1}
    stand_in.control("script", broken)

    for minute in range(OPENS_AFTER + 1):
        round_of(gateway, now + minute * timedelta(minutes=1))

    numbers = {key: one.apply_num for key, one in kept().items()}
    assert numbers == {keys[FIRST]: automatic_receipt_num(FIRST), keys[SECOND]: None}
    assert not gateway.is_paused


def test_while_the_gateway_is_left_alone_nothing_is_asked(stand_in, gateway, now):
    take_in(stand_in, gateway, issued(1, now - HOUR), now=now)
    broken = {"path": "/payments/imp_none", "action": "status", "status": 503, "times": -1}
    stand_in.control("script", broken)
    for _ in range(OPENS_AFTER):
        with pytest.raises(GatewayError):
            gateway.get_payment("imp_none")
    with pytest.raises(GatewayError):
        gateway.get_payment("imp_none")  # the one look that goes through while it is left alone

    assert round_of(gateway, now) == 0

    assert asked(stand_in) == []
    assert kept() == {}


def test_an_answer_that_cannot_be_read_tells_no_number(stand_in, gateway, now):
    keys = take_in(stand_in, gateway, issued(1, now - HOUR), now=now)
    stand_in.fail_next(f"/receipts/{FIRST}", "garbage", times=-1)

    round_of(gateway, now)

    assert {key: one.apply_num for key, one in kept().items()} == {keys[FIRST]: None}


def test_the_job_does_a_round(stand_in, gateway, now):
    keys = take_in(stand_in, gateway, issued(1, now - HOUR), now=now)
    with transaction():
        enqueue(COLLECT, unique_key="once", actor=Actor.system("tests"), now=now)

    run_job(db.session.scalars(sa.select(Job.id).where(Job.name == COLLECT)).one())

    assert kept().keys() == {keys[FIRST]}
    assert asked(stand_in) == [FIRST]


def test_whoever_checks_a_payment_sees_its_receipt_as_it_is_now(stand_in, gateway, actor, now):
    keys = take_in(stand_in, gateway, issued(1, now - HOUR), a_payment(2, now - HOUR), now=now)

    for key in keys.values():
        check_payment(key, actor=actor, gateway=gateway, now=now)
    assert {key: one.cancelled_at for key, one in kept().items()} == {keys[FIRST]: None}
    assert asked(stand_in) == [FIRST]

    gateway.revoke_cash_receipt(FIRST)
    check_payment(keys[FIRST], actor=actor, gateway=gateway, now=now + HOUR)

    receipt = kept()[keys[FIRST]]
    assert receipt.cancelled_at is not None
    assert receipt.apply_num == automatic_receipt_num(FIRST)


def test_a_payment_is_checked_also_where_its_receipt_is_not_told(stand_in, gateway, actor, now):
    keys = take_in(stand_in, gateway, issued(1, now - HOUR), now=now)
    plant(stand_in, issued(1, now - HOUR, buyer_name="김서연"))
    stand_in.fail_next(f"/receipts/{FIRST}", "drop", times=3)

    applied = check_payment(keys[FIRST], actor=actor, gateway=gateway, now=now)

    assert applied.merged.changed == ("buyer_name",)
    assert kept() == {}
