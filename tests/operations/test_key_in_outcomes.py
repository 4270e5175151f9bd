"""What each answer to the payment of a typed card leads to."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from admin.accounts.second_factor import NoSecondFactor, TypedCode, WrongCode
from admin.customers.card_service import CardInProgress
from admin.customers.key_service import KeyTaken
from admin.customers.service import JustCharged
from admin.domain.actor import Actor
from admin.domain.approval import ApprovalCause, ClosureClaim
from admin.domain.errors import InvalidInput, NotAllowed
from admin.domain.operation import OperationKind, OperationState, SettledBy
from admin.domain.permissions import Role
from admin.models import AuditEntry, BillingKey, Customer, MoneyOperation, Operator, db, transaction
from admin.operations.closing import GatewaySaysOtherwise
from admin.operations.errors import KeyInProgress
from admin.operations.intent import Intent, open_operation
from admin.operations.service import TakenByAnother, execute
from tests.operations.cards import (
    ALIKE,
    CARD,
    DECLINED,
    REFUSED,
    everything_written,
    found_in,
)
from tests.operations.closures import agree, left_to_people, say
from tests.operations.desk import (
    UNCLEAR,
    Killed,
    Network,
    audited,
    every_operation,
    fresh,
    killed_after,
    killed_before,
    later,
    person,
    refused,
    stored,
)
from tests.operations.threads import at_once

pytestmark = pytest.mark.slow

ONCE, KEY = "/subscribe/payments/onetime", "/subscribe/customers/cus_new"
Q = OperationState


@pytest.fixture
def actor(app) -> Actor:
    """A manager, who may type cards in."""
    return person(Role.MANAGER)


@pytest.fixture
def customer(desk) -> Customer:
    """A customer without a billing key."""
    with transaction():
        somebody = Customer(
            customer_number="C-1",
            name="이도윤",
            tel="010-1234-5678",
            since=desk.now,
            billing_keys=[],
        )
        db.session.add(somebody)
    return somebody


class TestOnce:
    def test_a_paid_card_succeeds_with_the_gateways_number(self, desk, customer, stand_in):
        operation = desk.key_in(customer, CARD)

        assert (operation.state, operation.settled_by) == (Q.SUCCEEDED, SettledBy.RESPONSE)
        paid = stand_in.payment(operation.imp_uid)
        assert (paid["merchant_uid"], paid["amount"]) == ("KEY-1", 10_000)
        assert (paid["buyer_name"], paid["customer_uid"]) == ("이도윤", None)
        assert desk.know(operation.imp_uid).amount_minor == 10_000
        assert stored() is None, "nobody asked for the card to be kept"
        assert (stand_in.sent(ONCE), stand_in.done("charge")) == (1, 1)

    def test_the_audit_trail_tells_who_whose_which_four_digits_and_how_much(self, desk, customer):
        operation = desk.key_in(customer, CARD)

        query = sa.select(AuditEntry).where(AuditEntry.action == "key_in.requested")
        entry = db.session.scalars(query).one()
        assert (entry.operator_id, entry.subject) == (
            desk.actor.operator_id,
            f"operation:{operation.id}",
        )
        assert entry.facts["customer_id"] == str(customer.id)
        assert entry.facts["last4"] == "1093"
        assert "10000" in entry.facts["amount"].replace(",", "")
        assert {"key_in.requested", "key_in.sent", "key_in.succeeded"} <= set(audited())

    def test_fault_f19_a_declined_card_fails_with_the_card_companys_words(
        self, desk, customer, stand_in
    ):
        operation = desk.key_in(customer, DECLINED)

        assert operation.state is Q.FAILED
        assert "CC54" in operation.outcome
        assert stand_in.done("charge") == 0
        desk.sweep(seconds=61)
        assert (fresh(operation).state, operation.next_look_at) == (Q.FAILED, None)

    def test_a_card_refused_before_any_payment_fails(self, desk, customer, stand_in):
        operation = desk.key_in(customer, REFUSED)

        assert operation.state is Q.FAILED
        assert "CC14" in operation.outcome

    @pytest.mark.parametrize("action", [*UNCLEAR, "float_amount"])
    def test_fault_f02_a_payment_behind_an_unclear_answer_is_found_and_never_sent_again(
        self, desk, customer, stand_in, action
    ):
        stand_in.fail_next(ONCE, action, method="POST", when="after_commit")

        operation = desk.key_in(customer, CARD)

        assert operation.state is Q.UNKNOWN
        assert desk.look(operation, seconds=15).state is Q.SUCCEEDED
        assert operation.imp_uid
        for minutes in (1, 5, 15, 40):
            desk.sweep(minutes=minutes)
        assert (stand_in.sent(ONCE), stand_in.done("charge")) == (1, 1)

    def test_fault_f03_absence_is_believed_late_twice_and_beside_a_canary(
        self, desk, customer, payment, stand_in
    ):
        stand_in.fail_next(ONCE, "drop", method="POST", when="before_commit")
        operation = desk.key_in(customer, CARD)

        assert operation.state is Q.UNKNOWN
        with pytest.raises(CardInProgress):
            desk.key_in(customer, CARD, 20_000, number="KEY-2")
        assert desk.look(operation, minutes=11).state is Q.UNKNOWN  # the first silent look
        assert desk.look(operation, minutes=13).state is Q.NOT_EXECUTED

        again = desk.key_in(customer, CARD, after=timedelta(minutes=14))  # the same order number
        assert (again.state, again.merchant_uid) == (Q.SUCCEEDED, operation.merchant_uid)
        assert (stand_in.sent(ONCE), stand_in.done("charge")) == (2, 1)

    @pytest.mark.parametrize("action", ["wrong_amount", "wrong_uid"], ids=["f20", "f21"])
    def test_a_payment_of_something_else_is_for_people(self, desk, customer, stand_in, action):
        stand_in.fail_next(ONCE, action, method="POST", when="after_commit")

        operation = desk.key_in(customer, CARD)

        assert (operation.state, operation.is_uncertain) == (Q.MISMATCH, True)
        with pytest.raises(CardInProgress):
            desk.key_in(customer, CARD, 20_000, number="KEY-2")

    def test_fault_f23_two_payments_under_one_order_number_are_a_mismatch(
        self, desk, customer, stand_in
    ):
        stand_in.fail_next(ONCE, "drop", method="POST", when="after_commit")
        operation = desk.key_in(customer, CARD)
        stand_in.paid("imp_900000000001", merchant_uid="KEY-1")

        assert desk.look(operation, seconds=15).state is Q.MISMATCH

    def test_an_order_that_is_paid_already_is_never_charged(self, desk, customer, stand_in):
        stand_in.paid("imp_900000000001", merchant_uid="KEY-1")

        assert desk.key_in(customer, CARD).state is Q.REJECTED
        assert stand_in.sent(ONCE) == 0

    def test_a_declined_card_that_turns_paid_hours_later_is_a_late_success(
        self, desk, customer, stand_in
    ):
        operation = desk.key_in(customer, DECLINED)
        desk.sweep(seconds=61)
        stand_in.paid("imp_400000000001", merchant_uid="KEY-1")
        later(desk).know("imp_400000000001")

        assert desk.sweep(hours=3) == 1
        assert fresh(operation).state is Q.SUCCEEDED_LATE

    def test_fault_f04_a_card_that_could_not_be_sent_was_not_charged(
        self, desk, customer, stand_in, connect
    ):
        nobody = connect(network=Network("POST", ONCE, refused))

        assert desk.key_in(customer, CARD, gateway=nobody).state is Q.NOT_EXECUTED
        assert desk.key_in(customer, CARD).state is Q.SUCCEEDED
        assert stand_in.done("charge") == 1

    def test_crash_c1_no_worker_ever_sends_a_card(self, desk, customer, stand_in, connect):
        path = "/payments/findAll/KEY-1"
        broken = connect(network=Network("GET", path, killed_before))
        with pytest.raises(Killed):
            desk.key_in(customer, CARD, gateway=broken)
        operation = every_operation()[0]
        assert operation.state is Q.READY
        with pytest.raises(TakenByAnother):
            execute(operation.id, gateway=desk.gateway, now=desk.now)

        desk.sweep(seconds=61)

        assert fresh(operation).state is Q.EXPIRED
        assert stand_in.sent(ONCE) == 0

    @pytest.mark.parametrize(
        ("how", "settled", "effects"),
        [(killed_before, Q.NOT_EXECUTED, 0), (killed_after, Q.SUCCEEDED, 1)],
        ids=["crash_c2", "crash_c4"],
    )
    def test_a_process_killed_while_sending_is_settled_by_looking(
        self, desk, customer, payment, stand_in, connect, *, how, settled, effects
    ):
        with pytest.raises(Killed):
            desk.key_in(customer, CARD, gateway=connect(network=Network("POST", ONCE, how)))
        operation = every_operation()[0]
        before = stand_in.sent(ONCE)

        for seconds in (90, 120, 300, 720, 800):
            desk.sweep(seconds=seconds)

        assert fresh(operation).state is settled
        assert (stand_in.sent(ONCE), stand_in.done("charge")) == (before, effects)

    def test_the_same_card_and_amount_a_moment_later_is_refused(self, desk, customer, stand_in):
        desk.key_in(customer, CARD)

        with pytest.raises(JustCharged):
            desk.key_in(customer, CARD, number="KEY-2")
        assert desk.key_in(customer, CARD, 20_000, number="KEY-3").state is Q.SUCCEEDED
        assert stand_in.sent(ONCE) == 2

    def test_an_order_number_is_used_by_one_charge_of_any_kind(self, desk, customer, key, stand_in):
        desk.charge(key, number="ONE")
        desk.key_in(customer, CARD, 20_000, number="TWO")

        with pytest.raises(InvalidInput, match="order number"):
            desk.key_in(customer, CARD, 30_000, number="ONE")
        with pytest.raises(InvalidInput, match="order number"):
            desk.charge(key, 30_000, number="TWO")
        assert (stand_in.sent(ONCE), stand_in.done("charge")) == (1, 2)

    def test_the_database_itself_holds_an_order_number_and_a_key(self, desk, customer):
        def opened(kind: OperationKind, number: str, uid: str | None) -> None:
            intent = Intent(
                kind=kind, form_key=desk.new_form(), merchant_uid=number, customer_uid=uid
            )
            with transaction():
                open_operation(intent, actor=desk.actor, gateway=desk.gateway, now=desk.now)

        opened(OperationKind.KEY_IN, "ONE", "cus_new")
        for kind, number, uid in (
            (OperationKind.CHARGE, "ONE", None),
            (OperationKind.KEY_IN, "ONE", None),
            (OperationKind.KEY_IN, "TWO", "cus_new"),
            (OperationKind.KEY_ISSUE, "THREE", "cus_new"),
        ):
            with pytest.raises(sa.exc.IntegrityError, match=r"(?i)unique"):
                opened(kind, number, uid)
        opened(OperationKind.KEY_IN, "FOUR", None)

    def test_who_charged_a_card_gives_it_back_with_a_second_person(self, desk, customer):
        operation = desk.key_in(customer, CARD)

        refund = desk.refund(desk.know(operation.imp_uid), 10_000)

        assert refund.state is Q.NEEDS_APPROVAL
        assert refund.approval.cause is ApprovalCause.OWN_CHARGE

    def test_only_who_may_type_cards_in_does(self, desk, customer):
        with pytest.raises(NotAllowed):
            desk.as_role(Role.FINANCE).key_in(customer, CARD)
        assert every_operation() == []

    def test_people_close_it_by_what_the_gateway_shows(self, desk, customer, stand_in):
        stand_in.fail_next(ONCE, "drop", method="POST", when="after_commit")
        path = "/payments/findAll/KEY-1"
        operation = left_to_people(desk, desk.key_in(customer, CARD), stand_in, path)
        imp_uid = next(one["imp_uid"] for one in stand_in.effects())

        with pytest.raises(GatewaySaysOtherwise):
            say(desk, operation, ClosureClaim.DID_NOT_HAPPEN)
        closed = agree(desk, say(desk, operation, ClosureClaim.HAPPENED, imp_uid))

        assert (closed.state, closed.imp_uid) == (Q.SUCCEEDED, imp_uid)


class TestKept:
    def test_a_paid_card_is_a_key_that_can_be_charged_again(self, desk, customer, stand_in):
        operation = desk.key_in(customer, CARD, keep="cus_new")

        assert operation.state is Q.SUCCEEDED
        key = stored()
        assert (key.customer_id, key.known_to_gateway) == (customer.id, True)
        assert key.card_number.endswith("1093")
        with pytest.raises(JustCharged):
            desk.charge(key)
        assert desk.charge(key, 20_000, number="CHG-2").state is Q.SUCCEEDED

    def test_a_declined_card_is_no_key(self, desk, customer):
        assert desk.key_in(customer, DECLINED, keep="cus_new").state is Q.FAILED
        assert stored() is None

    def test_a_payment_found_by_looking_keeps_its_key_too(self, desk, customer, stand_in):
        stand_in.fail_next(ONCE, "drop", method="POST", when="after_commit")
        operation = desk.key_in(customer, CARD, keep="cus_new")

        assert (operation.state, stored()) == (Q.UNKNOWN, None)
        assert desk.look(operation, seconds=15).state is Q.SUCCEEDED
        assert stored().known_to_gateway
        assert (stand_in.sent(ONCE), stand_in.done("charge")) == (1, 1)

    def test_a_payment_is_not_doubted_because_its_key_could_not_be_looked_up(
        self, desk, customer, stand_in, connect
    ):
        looks = []

        def second_fails(request, forward):
            looks.append(request)
            if len(looks) > 1:
                refused(request, forward)

        network = Network("GET", KEY, second_fails)
        operation = desk.key_in(customer, CARD, keep="cus_new", gateway=connect(network=network))

        assert operation.state is Q.SUCCEEDED
        assert stored().known_to_gateway is None, "kept, and not looked up yet"

    def test_a_card_that_is_there_already_is_not_written_over_unasked(
        self, desk, customer, stand_in
    ):
        stand_in.control("customers", {"customers": [{"customer_uid": "cus_new"}]})

        assert desk.key_in(customer, CARD, keep="cus_new").state is Q.REJECTED
        assert stand_in.sent(ONCE) == 0
        operation = desk.key_in(customer, CARD, keep="cus_new", replaces=True)
        assert operation.state is Q.SUCCEEDED
        assert stored().card_number.endswith("1093")

    def test_the_key_of_another_customer_is_never_taken(self, desk, customer, key, stand_in):
        with pytest.raises(KeyTaken):
            desk.key_in(customer, CARD, keep="cus_1", replaces=True)
        assert (every_operation(), stand_in.sent(ONCE)) == ([], 0)

    def test_nothing_else_is_done_with_the_key_while_the_outcome_is_unknown(
        self, desk, customer, stand_in
    ):
        stand_in.fail_next(ONCE, "drop", method="POST", when="before_commit")
        desk.key_in(customer, CARD, keep="cus_new")
        with transaction():
            db.session.add(BillingKey(customer_uid="cus_new", customer_id=customer.id))
        key = stored()

        for ask in (
            lambda: desk.charge(key),
            lambda: desk.delete_key(key),
            lambda: desk.issue(customer, ALIKE, replaces=True),
            lambda: desk.schedule(key),
        ):
            with pytest.raises(KeyInProgress):
                ask()
        assert len(every_operation()) == 1


class TestCode:
    def test_a_wrong_code_sends_nothing_and_uses_nothing_up(self, desk, customer, stand_in):
        right = desk.code().text
        desk.app.code = lambda _now: f"{(int(right) + 7) % 1_000_000:06}"
        with pytest.raises(WrongCode):
            desk.key_in(customer, CARD)
        with pytest.raises(WrongCode):
            desk.issue(customer, CARD)
        assert (every_operation(), stand_in.sent(ONCE)) == ([], 0)
        assert stand_in.requests(path=KEY) == []

        desk.app.code = lambda _now: right
        assert desk.key_in(customer, CARD).state is Q.SUCCEEDED

    def test_a_code_is_taken_once(self, desk, customer, stand_in):
        used = desk.code().text
        desk.app.code = lambda _now: used
        desk.key_in(customer, CARD)

        for ask in (
            lambda: desk.key_in(customer, CARD, 20_000, number="KEY-2"),
            lambda: desk.issue(customer, CARD),
        ):
            with pytest.raises(WrongCode):
                ask()
        assert stand_in.sent(ONCE) == 1

    def test_an_earlier_code_is_worth_nothing_after_a_later_one(self, desk, customer):
        earlier = desk.code().text
        step = int(desk.now.timestamp()) // 30
        desk.app.code = lambda _now: desk.app.at(step)
        desk.key_in(customer, CARD)
        desk.app.code = lambda _now: earlier
        with pytest.raises(WrongCode):
            desk.key_in(customer, CARD, 20_000, number="KEY-2")

    @pytest.mark.parametrize("off", [-2, 2])
    def test_a_code_of_a_minute_ago_or_ahead_is_none(self, desk, customer, off):
        desk.code()
        counter = int(desk.now.timestamp()) // 30 + off
        desk.app.code = lambda _now: desk.app.at(counter)
        with pytest.raises(WrongCode):
            desk.key_in(customer, CARD)

    def test_a_refused_decision_leaves_the_code_for_the_next_one(self, desk, customer):
        desk.key_in(customer, CARD)
        text = desk.code().text
        desk.app.code = lambda _now: text

        with pytest.raises(InvalidInput):
            desk.key_in(customer, CARD, 20_000)  # the same order number
        assert desk.key_in(customer, CARD, 20_000, number="KEY-2").state is Q.SUCCEEDED

    def test_the_same_form_sent_twice_needs_one_code_and_is_one_payment(
        self, desk, customer, stand_in
    ):
        text = desk.code().text
        desk.app.code = lambda _now: text
        first = desk.key_in(customer, CARD, form_key="one-form")
        again = desk.key_in(customer, CARD, form_key="one-form")

        assert again.id == first.id
        assert stand_in.sent(ONCE) == 1

    def test_the_code_of_somebody_else_is_none(self, desk, customer):
        theirs = desk.as_role(Role.MANAGER).code().text
        desk.code()
        desk.app.code = lambda _now: theirs
        with pytest.raises(WrongCode):
            desk.key_in(customer, CARD)

    def test_who_has_no_app_is_told_so(self, desk, customer, stand_in):
        desk.code()
        with transaction():
            operator = db.session.get_one(Operator, desk.actor.operator_id)
            operator.tf_primary_method = operator.tf_totp_secret = None
        with pytest.raises(NoSecondFactor):
            desk.key_in(customer, CARD)
        assert (every_operation(), stand_in.sent(ONCE)) == ([], 0)

    def test_one_code_before_two_forms_at_once_is_one_payment(self, app, desk, customer, stand_in):
        """Of two customers, so that nothing but the code holds them apart."""
        with transaction():
            other = Customer(customer_number="C-2", name="박서연", since=desk.now, billing_keys=[])
            db.session.add(other)
        text = desk.code().text
        desk.app.code = lambda _now: text
        ids = [customer.id, other.id]
        db.session.rollback()
        both = threading.Barrier(2)

        def press(place: int) -> MoneyOperation:
            person = db.session.get(Customer, ids[place])
            both.wait(timeout=10)
            return desk.key_in(person, CARD, number=f"KEY-{place}", form_key=f"f{place}")

        outcomes = at_once(app, lambda: press(0), lambda: press(1))

        assert sum(isinstance(one, WrongCode) for one in outcomes) == 1, outcomes
        assert (len(every_operation()), stand_in.sent(ONCE)) == (1, 1)

    def test_a_typed_code_shows_itself_to_nobody(self, desk):
        code = desk.code()
        assert isinstance(code, TypedCode)
        assert code.text not in repr(code)


def test_what_is_written_of_a_kept_card_holds_none_of_it(desk, customer, settings):
    operation = desk.key_in(customer, CARD, keep="cus_new")

    written = everything_written(settings)

    assert found_in(written) == []
    assert operation.id in written
