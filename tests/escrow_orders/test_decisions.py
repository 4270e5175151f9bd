"""What buyers decided: recorded once, corrected openly, confirmed by the rule, judged by all."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from admin.domain.actor import Actor
from admin.domain.clock import KST, kst_date
from admin.domain.errors import InvalidInput, NotAllowed, NotFound
from admin.domain.escrow import (
    ArrivalNotAllowed,
    Decision,
    DecisionNotAllowed,
    DeliveryNotAllowed,
    DeliveryNotice,
    EscrowState,
    Evidence,
)
from admin.domain.operation import OperationState
from admin.domain.permissions import Role
from admin.domain.refund import RefundNotAllowed
from admin.escrow_orders.decision_service import (
    DecidedMeanwhile,
    confirm_what_is_due,
    record_arrival,
)
from admin.escrow_orders.queries import overdue_orders
from admin.holidays.queries import closed_days
from admin.models import AuditEntry, Delivery, EscrowDecision, EscrowOrder, Holiday, db, transaction
from admin.operations.kinds.delivery import keep_delivery
from tests.operations.conftest import UID

EN = {"headers": {"Accept-Language": "en"}}
MONDAY = date(2026, 11, 9)  # no holiday is near


def state_of(payment) -> EscrowState:
    db.session.expire_all()
    return db.session.get_one(EscrowOrder, payment.id).state


def records(payment) -> list[EscrowDecision]:
    db.session.expire_all()
    return list(db.session.get_one(EscrowOrder, payment.id).decisions)


def entries(action: str) -> list[AuditEntry]:
    query = sa.select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)
    return list(db.session.scalars(query))


@pytest.fixture
def shipped(desk, parcel):
    """The parcel, its delivery registered."""
    assert desk.deliver(parcel).state is OperationState.SUCCEEDED
    return parcel


def registered(payment, day: date) -> None:
    """As if KCP had taken the delivery on that Korean day, and the order was paid before."""
    moment = datetime(day.year, day.month, day.day, 23, 59, tzinfo=KST)
    with transaction():
        delivery = db.session.scalars(sa.select(Delivery).filter_by(payment_id=payment.id)).one()
        delivery.sent_at = delivery.applied_at = moment


def at(day: date, hour: int = 0) -> datetime:
    """A moment of a Korean day."""
    return datetime(day.year, day.month, day.day, hour, 1, tzinfo=KST)


def test_a_confirmation_is_kept_with_its_evidence_and_never_sent(desk, shipped, stand_in):
    before = len(stand_in.requests())
    made = desk.decide(shipped, Decision.CONFIRMED, evidence=Evidence.NOTICE, note="st_cd Y")

    assert state_of(shipped) is EscrowState.CONFIRMED
    assert (made.evidence, made.note, made.corrects_id) == (Evidence.NOTICE, "st_cd Y", None)
    assert (made.recorded_by, made.operator_id) == (desk.actor.name, desk.actor.operator_id)
    assert len(stand_in.requests()) == before
    [entry] = entries("escrow.decided")
    assert entry.facts["decision"] == "confirmed"
    assert entry.subject == f"payment:{shipped.id}"


def test_a_correction_is_a_second_record_that_says_so(desk, shipped):
    first = desk.decide(shipped, Decision.CONFIRMED)
    second = desk.decide(shipped, Decision.DENIED, note="바퀴가 휘어 있어요")

    assert state_of(shipped) is EscrowState.DENIED
    assert [one.decision for one in records(shipped)] == [Decision.CONFIRMED, Decision.DENIED]
    assert second.corrects_id == first.id
    desk.decide(shipped, Decision.UNDECIDED)
    assert state_of(shipped) is EscrowState.SHIPPED


def test_the_same_form_twice_is_one_record_and_an_old_form_none(desk, shipped):
    first = desk.decide(shipped, Decision.CONFIRMED, seen=0)
    assert desk.decide(shipped, Decision.CONFIRMED, seen=0).id == first.id
    with pytest.raises(DecidedMeanwhile):
        desk.decide(shipped, Decision.DENIED, seen=0)
    assert len(records(shipped)) == 1


def test_the_database_itself_holds_one_first_record_and_one_correction_of_each(desk, shipped):
    first = desk.decide(shipped, Decision.CONFIRMED)
    desk.decide(shipped, Decision.DENIED)
    for corrects in (None, first.id):
        with pytest.raises(IntegrityError), transaction():
            db.session.add(
                EscrowDecision(
                    payment_id=shipped.id,
                    decision=Decision.CONFIRMED,
                    decided_on=MONDAY,
                    evidence=Evidence.BUYER,
                    note="",
                    corrects_id=corrects,
                    recorded_by="tests",
                    created_at=desk.now,
                )
            )


def test_a_card_number_is_no_evidence(desk, shipped):
    for note in ("4111 1111 1111 1111 로 결제", "", "가" * 501):
        with pytest.raises(InvalidInput) as refusal:
            desk.decide(shipped, Decision.CONFIRMED, note=note)
        assert refusal.value.field == "note"
    assert records(shipped) == []


def test_what_kcp_knows_is_recorded_though_the_delivery_is_not(desk, parcel):
    with pytest.raises(InvalidInput):
        desk.decide(parcel, Decision.CONFIRMED, evidence=Evidence.BUYER)
    desk.decide(parcel, Decision.CONFIRMED, evidence=Evidence.KCP_ADMIN)
    assert state_of(parcel) is EscrowState.CONFIRMED
    with pytest.raises(DeliveryNotAllowed):
        desk.deliver(parcel)


def test_looking_again_at_the_gateway_keeps_the_decision(desk, shipped):
    for decision, state in (
        (Decision.DENIED, EscrowState.DENIED),
        (Decision.CONFIRMED, EscrowState.CONFIRMED),
    ):
        desk.decide(shipped, decision)
        desk.know(UID)
        assert state_of(shipped) is state


def test_a_denied_order_goes_back_whole_and_is_returned(desk, shipped, stand_in):
    stand_in.control("buyer/escrow", {"imp_uid": UID, "decision": "denied"})
    desk.decide(shipped, Decision.DENIED)
    with pytest.raises(RefundNotAllowed) as refusal:
        desk.refund(shipped, 4_000)
    assert "must be given back in full" in str(refusal.value)

    assert desk.refund(shipped, 10_000).state is OperationState.SUCCEEDED
    assert state_of(shipped) is EscrowState.RETURNED
    with pytest.raises(DecisionNotAllowed):
        desk.decide(shipped, Decision.CONFIRMED)


def test_a_part_goes_back_after_the_confirmation_and_not_before(desk, shipped, stand_in):
    with pytest.raises(RefundNotAllowed):
        desk.refund(shipped, 4_000)
    stand_in.control("buyer/escrow", {"imp_uid": UID, "decision": "confirmed"})
    desk.decide(shipped, Decision.CONFIRMED)

    part = desk.refund(shipped, 4_000)
    assert (part.state, part.details["escrow_confirmed"]) == (OperationState.SUCCEEDED, True)
    desk.decide(shipped, Decision.UNDECIDED)
    with pytest.raises(RefundNotAllowed):
        desk.refund(desk.know(UID), 1_000)


def test_a_viewer_records_nothing(desk, shipped, viewer):
    desk.actor = Actor(name="Viewer", operator_id=viewer.operator.id, role=Role.VIEWER)
    with pytest.raises(NotAllowed):
        desk.decide(shipped, Decision.CONFIRMED)
    with pytest.raises(NotAllowed):
        record_arrival(shipped.id, kst_date(desk.now), actor=desk.actor, now=desk.now)
    assert viewer.post(f"/escrow-orders/{shipped.id}/decisions/").status_code == 403


def test_an_ordinary_payment_has_no_decision(desk, stand_in):
    stand_in.paid(UID)
    payment = desk.know(UID)
    with pytest.raises(NotFound):
        desk.decide(payment, Decision.CONFIRMED)


def test_six_business_days_after_the_registration_it_counts_as_confirmed(desk, shipped):
    registered(shipped, MONDAY)
    last = date(2026, 11, 17)  # the sixth: Tuesday of the week after

    assert confirm_what_is_due(now=at(last, 23)) == 0
    assert state_of(shipped) is EscrowState.SHIPPED
    assert confirm_what_is_due(now=at(last + timedelta(days=1))) == 1
    assert confirm_what_is_due(now=at(last + timedelta(days=1))) == 0

    [made] = records(shipped)
    assert (made.decision, made.decided_on) == (Decision.AUTOMATIC, last)
    assert (made.evidence, made.note) == (Evidence.AFTER_REGISTRATION, MONDAY.isoformat())
    assert (made.recorded_by, made.operator_id) == ("escrow_orders", None)
    assert state_of(shipped) is EscrowState.CONFIRMED
    assert [one.actor for one in entries("escrow.decided")] == ["escrow_orders"]


def test_only_what_the_rule_may_confirm_is_looked_at(desk, shipped):
    """A round takes so many orders; those it may not confirm never stand in the way of others."""
    registered(shipped, MONDAY)
    last, holidays = date(2026, 11, 17), closed_days()
    assert overdue_orders(last - timedelta(days=1), holidays=holidays) == []
    assert overdue_orders(last, holidays=holidays) == [shipped.id]
    desk.decide(shipped, Decision.DENIED)
    desk.decide(shipped, Decision.UNDECIDED)
    assert overdue_orders(last, holidays=holidays) == []


def test_three_business_days_after_the_arrival_come_first(desk, shipped):
    registered(shipped, MONDAY)
    arrival = MONDAY + timedelta(days=1)
    record_arrival(shipped.id, arrival, actor=desk.actor, now=at(arrival, 12))

    assert confirm_what_is_due(now=at(date(2026, 11, 13), 23)) == 0
    assert confirm_what_is_due(now=at(date(2026, 11, 14))) == 1

    [made] = records(shipped)
    assert (made.evidence, made.decided_on) == (Evidence.AFTER_ARRIVAL, date(2026, 11, 13))
    assert [one.facts["day"] for one in entries("escrow.arrival_noted")] == [arrival.isoformat()]


def test_a_holiday_added_late_moves_the_deadline(desk, shipped, now):
    registered(shipped, MONDAY)
    with transaction():
        db.session.add(
            Holiday(day=date(2026, 11, 12), name="임시공휴일", added_by="tests", added_at=now)
        )
    assert confirm_what_is_due(now=at(date(2026, 11, 18))) == 0
    assert confirm_what_is_due(now=at(date(2026, 11, 19))) == 1


def test_the_rule_never_overrules_a_record_and_never_repeats_itself(desk, shipped):
    registered(shipped, MONDAY)
    long_after = at(date(2026, 12, 20))
    desk.decide(shipped, Decision.DENIED)
    assert confirm_what_is_due(now=long_after) == 0
    desk.decide(shipped, Decision.UNDECIDED)
    assert confirm_what_is_due(now=long_after) == 0
    assert state_of(shipped) is EscrowState.SHIPPED


def test_the_rule_waits_while_the_outcome_of_a_refund_is_unknown(desk, shipped, stand_in):
    stand_in.fail_next("/payments/cancel", "drop", method="POST", when="after_commit")
    refund = desk.refund(shipped, 10_000)
    assert refund.state is OperationState.UNKNOWN
    registered(shipped, MONDAY)
    long_after = at(date(2026, 12, 20))

    assert confirm_what_is_due(now=long_after) == 0
    desk.look(refund, seconds=15)
    assert confirm_what_is_due(now=long_after) == 0
    assert state_of(shipped) is EscrowState.RETURNED


def test_an_arrival_is_corrected_and_taken_back_until_the_decision(desk, shipped, now):
    def arrives(day):
        record_arrival(shipped.id, day, actor=desk.actor, now=now)
        db.session.expire_all()
        return db.session.get_one(EscrowOrder, shipped.id).delivery.arrived_on

    today = kst_date(now)
    assert [arrives(day) for day in (today, today, None, today)] == [today, today, None, today]
    assert len(entries("escrow.arrival_noted")) == 2
    assert len(entries("escrow.arrival_removed")) == 1
    with pytest.raises(InvalidInput):
        arrives(today + timedelta(days=1))
    desk.decide(shipped, Decision.CONFIRMED)
    with pytest.raises(ArrivalNotAllowed):
        arrives(None)


def test_the_arrival_of_another_parcel_is_forgotten(desk, shipped, now):
    record_arrival(shipped.id, kst_date(now), actor=desk.actor, now=now)
    for invoice, kept in (("123456789012", True), ("999999999999", False)):
        notice = DeliveryNotice(company="CJGLS", invoice=invoice, sent_at=now)
        with transaction():
            keep_delivery(UID, notice, operation_id=None, now=now)
        db.session.expire_all()
        delivery = db.session.get_one(EscrowOrder, shipped.id).delivery
        assert (delivery.arrived_on is not None) is kept
