"""One day of the books against the gateway: every kind found, and found again as the same."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from admin.domain.actor import Actor
from admin.domain.clock import kst_date, utc_now
from admin.domain.errors import InvalidInput, NotFound
from admin.domain.reconciliation.kinds import DiscrepancyKind
from admin.gateway.client import Gateway
from admin.gateway.settings import GatewaySettings
from admin.models import Payment, db
from admin.models.reconciliation import DiscrepancyState, RunState
from admin.orders.service import import_orders
from admin.reconciliation.service import VANISHED, explain, run_day
from sandbox.config import SandboxConfig
from sandbox.server import running
from tests.conftest import KEY, SECRET
from tests.orders.books import an_order
from tests.payments.trade import a_payment, failed, plant, refunded
from tests.reconciliation.conftest import discrepancies

OPEN, RESOLVED = DiscrepancyState.OPEN, DiscrepancyState.RESOLVED


def kinds() -> dict[str, set[str]]:
    """Which kinds each order number shows."""
    found: dict[str, set[str]] = {}
    for one in discrepancies():
        found.setdefault(one.order_number, set()).add(one.kind.value)
    return found


def test_each_kind_is_found_alone_and_agreement_is_none(stand_in, book, run, noon):
    at, uid = noon, "imp_{:012d}".format
    whole = {"believed_status": "cancelled", "believed_cancelled": 10_000}
    plant(
        stand_in,
        a_payment(1, at, merchant_uid="P01"),
        a_payment(3, at, merchant_uid="I02"),
        a_payment(4, at + timedelta(minutes=1), merchant_uid="I02"),
        a_payment(5, at, merchant_uid="I03-at-the-gateway"),
        a_payment(6, at, merchant_uid="M01", amount=9_000),
        refunded(7, at, 4_000, merchant_uid="M02"),
        a_payment(8, at, merchant_uid="M08", escrow=True),
        refunded(9, at, 10_000, merchant_uid="S01", cancelled_at=at + timedelta(days=1)),
        a_payment(10, at, merchant_uid="S02"),
        a_payment(11, at, merchant_uid="S03"),
        refunded(12, at, 4_000, merchant_uid="S05"),
        refunded(13, at, 4_000, merchant_uid="S06", cancel_history=[
            {"amount": 3_000, "cancelled_at": int(at.timestamp()), "cancellation_id": "c13"}
        ]),
        a_payment(20, at, merchant_uid="fine"),
        refunded(21, at, 4_000, merchant_uid="fine-in-part"),
        refunded(22, at, 10_000, merchant_uid="fine-in-whole"),
        failed(23, at, merchant_uid="fine-declined"),
    )  # fmt: skip
    book(
        an_order("P02", at, imp_uid=uid(2)),
        an_order("I02", at, imp_uid=uid(3)),
        an_order("I03", at, imp_uid=uid(5)),
        an_order("M01", at, imp_uid=uid(6)),
        an_order("M02", at, imp_uid=uid(7), believed_cancelled=3_000),
        an_order("M08", at, imp_uid=uid(8), escrow="true", item_amount=9_500),
        an_order("S01", at, imp_uid=uid(9)),
        an_order("S02", at, imp_uid=uid(10), **whole),
        an_order("S03", at, believed_status="ready", paid_at=""),
        an_order("S05", at, imp_uid=uid(12)),
        an_order("S06", at, imp_uid=uid(13), believed_cancelled=4_000),
        an_order("fine", at, imp_uid=uid(20)),
        an_order("fine-in-part", at, believed_cancelled=4_000),
        an_order("fine-in-whole", at, imp_uid=uid(22), **whole),
        an_order("fine-declined", at, believed_status="failed", paid_at=""),
        an_order("fine-never-paid", at, believed_status="ready", paid_at=""),
    )

    done = run()

    assert kinds() == {one.value: {one.value} for one in DiscrepancyKind}
    assert (done.state, done.differing_count, done.matched_count) == (RunState.DONE, 12, 4)
    risks = {one.kind.value: one.at_risk_minor for one in discrepancies()}
    assert risks == {
        "P01": 10_000, "P02": 10_000, "I02": 10_000, "I03": 10_000, "M01": 1_000, "M02": 1_000,
        "M08": 500, "S01": 10_000, "S02": 10_000, "S03": 10_000, "S05": 4_000, "S06": 1_000,
    }  # fmt: skip


def test_running_a_day_again_changes_nothing(stand_in, book, run, noon):
    plant(stand_in, a_payment(1, noon), a_payment(2, noon, amount=9_000))
    book(an_order("ORD-000002", noon), an_order("ORD-gone", noon))
    first = run()
    before = [(one.id, one.key, one.first_seen_at, one.at_risk_minor) for one in discrepancies()]

    second = run(timedelta(hours=1))

    after = [(one.id, one.key, one.first_seen_at, one.at_risk_minor) for one in discrepancies()]
    assert before == after
    assert {one.times_seen for one in discrepancies()} == {2}
    assert {one.last_run_id for one in discrepancies()} == {second.id}
    assert (first.matched_count, first.differing_count) == (0, 3)
    assert (second.matched_count, second.differing_count) == (0, 3)


def test_what_is_gone_closes_by_itself_and_opens_again_when_it_is_back(stand_in, book, run, noon):
    plant(stand_in, refunded(1, noon, 4_000))
    wrong = an_order("ORD-000001", noon)
    book(wrong)
    run()

    book(wrong | {"believed_cancelled": 4_000})
    run(timedelta(hours=1))
    [gone] = discrepancies()
    assert (gone.state, gone.resolution) == (RESOLVED, VANISHED)
    assert gone.resolved_at is not None

    book(wrong)
    run(timedelta(hours=2))
    [back] = discrepancies()
    assert (back.id, back.state, back.resolution) == (gone.id, OPEN, "")


def test_an_explanation_holds_until_the_difference_is_another(
    stand_in, book, run, noon, *, actor, now
):
    plant(stand_in, refunded(1, noon, 4_000))
    book(an_order("ORD-000001", noon))
    run()
    [found] = discrepancies()

    explain(found.id, "매장에서 현금으로 드림", actor=actor, now=now)
    run(timedelta(hours=1))
    assert [(one.state, one.resolution) for one in discrepancies()] == [
        (RESOLVED, "매장에서 현금으로 드림")
    ]

    stand_in.console_cancel("imp_000000000001", 2_000)
    run(timedelta(hours=2))
    assert [(one.state, one.at_risk_minor) for one in discrepancies()] == [(OPEN, 6_000)]


def test_an_explanation_needs_words(actor, now):
    with pytest.raises(InvalidInput):
        explain(1, " ok ", actor=actor, now=now)
    with pytest.raises(NotFound):
        explain(1, "there is no such thing", actor=actor, now=now)


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("/payments/status/paid", {"action": "code", "code": -1}),
        ("/payments/status/cancelled", {"action": "code", "code": -1}),
        ("/payments", {"action": "status", "status": 400}),
    ],
)
def test_a_side_that_cannot_be_read_whole_calls_nothing_missing(
    stand_in, book, run, noon, *, path, options
):
    plant(stand_in, a_payment(1, noon))
    book(an_order("ORD-gone", noon))
    run(timedelta(hours=-1))
    before = [(one.id, one.state, one.times_seen) for one in discrepancies()]
    stand_in.fail_next(path, method="GET", times=3, **options)

    done = run()

    assert done.state is RunState.INCOMPLETE
    assert done.problem
    assert [(one.id, one.state, one.times_seen) for one in discrepancies()] == before


def test_a_row_that_cannot_be_read_makes_the_run_incomplete(stand_in, book, run, noon):
    plant(stand_in, a_payment(1, noon, amount=10_000.5))
    book(an_order("ORD-000001", noon))

    done = run()

    assert (done.state, discrepancies()) == (RunState.INCOMPLETE, [])
    assert "could not be read" in done.problem


def test_a_day_that_has_not_come_is_not_run(run, now):
    with pytest.raises(InvalidInput):
        run(of=kst_date(now) + timedelta(days=1))


@pytest.mark.parametrize("second", [-1, 0, 86_399, 86_400])
def test_a_day_begins_and_ends_at_midnight_in_korea(stand_in, run, noon, second):
    midnight = noon - timedelta(hours=12)
    plant(stand_in, a_payment(1, midnight + timedelta(seconds=second)))

    run()

    assert len(discrepancies()) == (0 <= second < 86_400)


@pytest.mark.parametrize("reading", ["cancelled", "paid"])
def test_a_partial_cancel_agrees_under_both_readings(stand_in, book, run, noon, reading):
    plant(stand_in, a_payment(1, noon))
    stand_in.control("settings", {"partial_reading": reading})
    stand_in.console_cancel("imp_000000000001", 4_000)
    book(an_order("ORD-000001", noon, believed_cancelled=4_000))

    done = run()

    assert (done.matched_count, discrepancies()) == (1, [])


def test_a_payment_cancelled_after_its_day_still_belongs_to_it(stand_in, run, noon):
    plant(stand_in, refunded(1, noon, 4_000, cancelled_at=noon + timedelta(days=1)))

    run()

    assert [(one.kind, one.at_risk_minor) for one in discrepancies()] == [
        (DiscrepancyKind.MISSING_OURS, 6_000)
    ]


def test_what_a_run_saw_reaches_the_mirror(stand_in, run, noon):
    plant(stand_in, refunded(1, noon, 4_000))

    run()

    assert db.session.scalars(sa.select(Payment.cancelled_minor)).all() == [4_000]


@pytest.mark.slow
def test_the_demo_shops_planted_differences_are_found_to_the_last_one(app, tmp_path, now):
    config = SandboxConfig(key=KEY, secret=SECRET, seed="demo", payments=2_000, books_dir=tmp_path)
    clerk = Actor.system("command line")
    with running(config) as server:
        settings = GatewaySettings(server.url, KEY, SECRET, include_sandbox=False)
        report = import_orders(tmp_path / "orders.csv", actor=clerk, now=now)
        assert report.refused == []
        planted = json.loads((tmp_path / "planted.json").read_text(encoding="utf-8"))
        days = sorted({date.fromisoformat(one["day"]) for one in planted})
        with Gateway(settings) as gateway:
            for day in days:
                run_day(day, actor=clerk, gateway=gateway, now=utc_now())
            found = {(one.kind.value, one.order_number, one.day) for one in discrepancies()}
            before = [one.key for one in discrepancies()]
            run_day(days[-1], actor=clerk, gateway=gateway, now=utc_now())

    expected = {
        (one["kind"], one["merchant_uid"], date.fromisoformat(one["day"])) for one in planted
    }
    assert found == expected
    assert len(expected) >= 30
    assert [one.key for one in discrepancies()] == before
