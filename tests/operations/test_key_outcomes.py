"""What each answer to storing a card, and to deleting a billing key, leads to."""

from __future__ import annotations

import copy
import logging
import threading
import traceback
from datetime import timedelta

import pytest
import sqlalchemy as sa

from admin.customers.key_service import KeyGone, KeyTaken
from admin.domain.actor import Actor
from admin.domain.approval import ClosureClaim
from admin.domain.card import Card
from admin.domain.errors import InvalidInput, NotAllowed
from admin.domain.operation import OperationKind, OperationState, SettledBy
from admin.domain.permissions import Role
from admin.gateway.circuit import OPENS_AFTER
from admin.gateway.errors import GatewayError
from admin.models import BillingKey, Customer, MoneyOperation, db, transaction
from admin.operations.closing import GatewaySaysOtherwise
from admin.operations.errors import (
    GatewayNotAnswering,
    KeyInProgress,
    OperationInProgress,
    WrongGateway,
)
from admin.operations.intent import Intent, open_operation
from admin.operations.resolver import sweep
from admin.operations.service import TakenByAnother, execute
from tests.operations.cards import (
    CANARIES,
    CARD,
    NUMBER,
    everything_written,
)
from tests.operations.closures import agree, left_to_people, say
from tests.operations.conftest import keep_key
from tests.operations.desk import (
    UNCLEAR,
    Killed,
    Network,
    audited,
    every_operation,
    fresh,
    killed_after,
    killed_before,
    person,
    refused,
    stored,
)
from tests.operations.threads import at_once

pytestmark = pytest.mark.slow

NEW, OLD = "/subscribe/customers/cus_new", "/subscribe/customers/cus_1"
NEW, OLD = "/subscribe/customers/cus_new", "/subscribe/customers/cus_1"
Q = OperationState


@pytest.fixture
def actor(app) -> Actor:
    """A manager, who may type cards in, too."""
    return person(Role.MANAGER)


@pytest.fixture
def customer(desk) -> Customer:
    """A customer without a billing key."""
    with transaction():
        somebody = Customer(customer_number="C-1", name="이도윤", since=desk.now, billing_keys=[])
        db.session.add(somebody)
    return somebody


@pytest.fixture
def old_key(stand_in, desk) -> BillingKey:
    """A key whose card was stored an hour ago."""
    hour_ago = int(desk.now.timestamp()) - 3_600
    stored = {"customer_uid": "cus_1", "inserted": hour_ago, "updated": hour_ago}
    stand_in.control("customers", {"customers": [stored]})
    return keep_key("cus_1", now=desk.now)


class TestIssue:
    def test_a_stored_card_is_a_key_of_the_customers(self, desk, customer, stand_in):
        operation = desk.issue(customer, CARD)

        assert (operation.state, operation.settled_by) == (Q.SUCCEEDED, SettledBy.RESPONSE)
        key = stored()
        assert (key.customer_id, key.known_to_gateway) == (customer.id, True)
        assert key.card_number.endswith("1093")
        assert (stand_in.sent(NEW), stand_in.done("key_issue")) == (1, 1)
        assert {"billing_key_issue.requested", "billing_key_issue.succeeded"} <= set(audited())

    def test_a_refused_card_stores_nothing_and_shows_the_gateways_words(
        self, desk, customer, stand_in
    ):
        operation = desk.issue(customer, Card(number="4518421234520000", expiry="2031-07"))

        assert operation.state is Q.FAILED
        assert "CC14" in operation.outcome
        assert stored() is None
        desk.sweep(seconds=75)
        assert (operation.state, operation.next_look_at) == (Q.FAILED, None)

    @pytest.mark.parametrize("action", UNCLEAR)
    def test_fault_f55_a_card_stored_behind_an_unclear_answer_is_found_by_looking(
        self, desk, customer, stand_in, action
    ):
        stand_in.fail_next(NEW, action, method="POST", when="after_commit")

        operation = desk.issue(customer, CARD)

        assert operation.state is Q.UNKNOWN
        assert stored() is None
        assert desk.look(operation, seconds=15).state is Q.SUCCEEDED
        assert stored().known_to_gateway
        assert (stand_in.sent(NEW), stand_in.done("key_issue")) == (1, 1)

    def test_fault_f55_the_card_is_nowhere_and_nobody_is_asked_for_it_again(
        self, desk, customer, stand_in, settings, caplog, capfd
    ):
        for chatty in ("httpx", "httpcore"):
            caplog.set_level(logging.DEBUG, logger=chatty)
        caplog.set_level(logging.DEBUG)
        stand_in.fail_next(NEW, "drop", method="POST", when="after_commit")
        operation = desk.issue(customer, CARD, form_key="one-form")
        again = desk.issue(customer, CARD, form_key="one-form")  # sent twice: the same decision
        stand_in.fail_next(NEW, "status", status=500, times=3)
        with pytest.raises(KeyInProgress):
            desk.issue(customer, CARD)

        written = everything_written(settings)
        desk.look(operation, seconds=15)
        written += everything_written(settings)

        assert again.id == operation.id
        assert operation.state is Q.SUCCEEDED
        captured = capfd.readouterr()
        for place in (written, caplog.text, captured.out, captured.err, repr(stand_in.requests())):
            assert [canary for canary in CANARIES if canary in place] == []
        assert "cus_new" in written, "the scan reads what is written"
        assert stand_in.sent(NEW) == 1

    def test_the_scan_of_everything_written_would_find_a_card(self, desk, customer, settings):
        with transaction():
            customer.email = NUMBER

        assert NUMBER in everything_written(settings)

    def test_a_card_shows_itself_to_nobody(self, desk, customer, connect):
        def broken(request, forward):
            raise RuntimeError("a fault of ours")

        with pytest.raises(RuntimeError) as failure:
            desk.issue(customer, CARD, gateway=connect(network=Network("POST", NEW, broken)))

        trace = "".join(traceback.format_exception(failure.value))
        assert "issue_billing_key" in trace
        for text in (repr(CARD), str(CARD), trace, repr(failure.value.args)):
            assert [canary for canary in CANARIES if canary in text] == []
        with pytest.raises(TypeError):
            copy.deepcopy(CARD)
        operation = every_operation()[0]
        assert operation.state is Q.SENDING
        assert desk.sweep(seconds=90) == 1
        assert operation.state is Q.UNKNOWN

    def test_a_card_that_never_arrived_is_called_so_after_the_quiet_period(
        self, desk, customer, stand_in
    ):
        stand_in.fail_next(NEW, "drop", method="POST", when="before_commit")
        operation = desk.issue(customer, CARD)

        assert desk.look(operation, minutes=9).state is Q.UNKNOWN
        assert desk.look(operation, minutes=12).state is Q.NOT_EXECUTED
        assert stored() is None
        assert stand_in.sent(NEW) == 1
        again = desk.issue(customer, CARD, after=timedelta(minutes=13))
        assert again.state is Q.SUCCEEDED

    def test_a_card_stored_before_proves_nothing(self, desk, old_key, stand_in):
        stand_in.fail_next(OLD, "drop", method="POST", when="before_commit")
        operation = desk.issue(old_key.customer, CARD, uid="cus_1", replaces=True)

        assert desk.look(operation, minutes=1).state is Q.UNKNOWN, "the same last four, but old"
        assert desk.look(operation, minutes=12).state is Q.NOT_EXECUTED

    def test_a_card_of_somebody_elses_stored_since_is_left_to_people(self, desk, old_key, stand_in):
        stand_in.fail_next(OLD, "drop", method="POST", when="before_commit")
        operation = desk.issue(old_key.customer, CARD, uid="cus_1", replaces=True)
        later = {"customer_uid": "cus_1", "card_number": "943009******7777"}
        stand_in.control("customers", {"customers": [later]})

        assert desk.look(operation, minutes=12).state is Q.UNKNOWN
        assert desk.look(operation, minutes=31).state is Q.HUMAN
        closure = say(desk, operation, ClosureClaim.DID_NOT_HAPPEN)
        assert agree(desk, closure).state is Q.NOT_EXECUTED

    def test_a_card_that_is_there_already_is_not_written_over_unasked(
        self, desk, customer, stand_in
    ):
        stand_in.control("customers", {"customers": [{"customer_uid": "cus_new"}]})

        assert desk.issue(customer, CARD).state is Q.REJECTED
        assert stand_in.sent(NEW) == 0
        assert desk.issue(customer, CARD, replaces=True).state is Q.SUCCEEDED

    def test_the_key_of_another_customer_is_never_taken(self, desk, customer, old_key, stand_in):
        with pytest.raises(KeyTaken):
            desk.issue(customer, CARD, uid="cus_1", replaces=True)
        with pytest.raises(KeyTaken):
            desk.issue(old_key.customer, CARD, uid="cus_1")
        assert every_operation() == []

    def test_fault_f04_a_card_that_could_not_be_sent_is_not_stored(
        self, desk, customer, stand_in, connect
    ):
        nobody = connect(network=Network("POST", NEW, refused))

        assert desk.issue(customer, CARD, gateway=nobody).state is Q.NOT_EXECUTED
        assert stand_in.done("key_issue") == 0

    def test_crash_c1_no_worker_ever_sends_a_card(self, desk, customer, stand_in, connect):
        network = Network("GET", NEW, killed_before)
        with pytest.raises(Killed):
            desk.issue(customer, CARD, gateway=connect(network=network))
        operation = every_operation()[0]
        assert operation.state is Q.READY
        with pytest.raises(TakenByAnother):
            execute(operation.id, gateway=desk.gateway, now=desk.now)

        desk.sweep(seconds=75)

        assert operation.state is Q.EXPIRED
        assert stand_in.sent(NEW) == 0
        assert desk.issue(customer, CARD).state is Q.SUCCEEDED

    @pytest.mark.parametrize(
        ("how", "settled", "effects"),
        [(killed_before, Q.NOT_EXECUTED, 0), (killed_after, Q.SUCCEEDED, 1)],
        ids=["crash_c2", "crash_c4"],
    )
    def test_a_process_killed_while_sending_is_settled_by_looking(
        self, desk, customer, stand_in, connect, *, how, settled, effects
    ):
        with pytest.raises(Killed):
            desk.issue(customer, CARD, gateway=connect(network=Network("POST", NEW, how)))
        operation = every_operation()[0]
        before = stand_in.sent(NEW)

        for seconds in (90, 120, 300, 720):
            desk.sweep(seconds=seconds)

        assert operation.state is settled
        assert (stand_in.sent(NEW), stand_in.done("key_issue")) == (before, effects)

    def test_what_can_be_no_card_never_leaves_and_is_not_repeated(self, desk, customer, stand_in):
        for card in (
            Card(number="4518", expiry="2031-07"),
            Card(number="4518421234581093x", expiry="2031-07"),
            Card(number=NUMBER, expiry="07/31"),
        ):
            with pytest.raises(InvalidInput) as refusal:
                desk.issue(customer, card)
            assert card.number not in str(refusal.value)
        with pytest.raises(InvalidInput):
            desk.issue(customer, CARD, uid="4111111111111111")
        assert every_operation() == []
        assert [one for one in stand_in.requests() if "/subscribe" in one["path"]] == []

    def test_only_who_may_charge_stores_cards(self, desk, customer, stand_in):
        with pytest.raises(NotAllowed):
            desk.as_role(Role.SUPPORT).issue(customer, CARD)
        assert every_operation() == []


class TestDelete:
    def test_a_deleted_key_is_gone_here_and_there(self, desk, key, stand_in):
        operation = desk.delete_key(key)

        assert (operation.state, operation.settled_by) == (Q.SUCCEEDED, SettledBy.RESPONSE)
        assert stored("cus_1").known_to_gateway is False
        assert (stand_in.sent(OLD, "DELETE"), stand_in.done("key_delete")) == (1, 1)
        with pytest.raises(KeyGone):
            desk.delete_key(key)

    def test_fault_f56_a_key_with_scheduled_charges_is_not_deleted_and_they_are_named(
        self, desk, key, stand_in
    ):
        for number, days in (("SUB-1", 30), ("SUB-2", 300)):
            desk.schedule(key, number=number, within=timedelta(days=days))

        operation = desk.delete_key(key)

        assert operation.state is Q.REJECTED
        assert stand_in.sent(OLD, "DELETE") == 0
        assert stored("cus_1").known_to_gateway is True
        facts = fresh(operation).steps[-1].facts["schedules"]
        assert [one["merchant_uid"] for one in facts] == ["SUB-1", "SUB-2"]
        assert [one["amount_minor"] for one in facts] == [10_000, 10_000]

    @pytest.mark.parametrize("form", ["paged", "array"])
    def test_fault_f56_whichever_way_the_gateway_lists_them(self, desk, key, stand_in, form):
        stand_in.control("settings", {"schedule_lists": form})
        desk.schedule(key, within=timedelta(days=364))

        assert desk.delete_key(key).state is Q.REJECTED

    def test_fault_f56_every_page_of_them_is_read(self, desk, key, stand_in):
        first = int(desk.now.timestamp()) + 86_400
        entries = [
            {"merchant_uid": f"SUB-{n}", "amount": 1_000, "schedule_at": first + n, "name": "정기"}
            for n in range(45)
        ]
        body = {"customer_uid": "cus_1", "schedules": entries}
        stand_in.ask("/subscribe/payments/schedule", body)

        operation = desk.delete_key(key)

        assert operation.state is Q.REJECTED
        assert len(fresh(operation).steps[-1].facts["schedules"]) == 45

    def test_fault_f56_one_scheduled_between_the_page_and_the_press_stops_it_too(
        self, desk, key, stand_in, connect
    ):
        entry = {"merchant_uid": "THEIRS", "amount": 5_000, "name": "다른 곳에서"}
        entry["schedule_at"] = int(desk.now.timestamp()) + 86_400
        waiting = [{"customer_uid": "cus_1", "schedules": [entry]}]

        def in_between(request, forward):
            while waiting:
                stand_in.ask("/subscribe/payments/schedule", waiting.pop())

        path = f"{OLD}/schedules"
        operation = desk.delete_key(key, gateway=connect(network=Network("GET", path, in_between)))

        assert operation.state is Q.REJECTED
        assert stand_in.sent(OLD, "DELETE") == 0

    def test_what_ran_or_was_taken_back_does_not_stop_it(self, desk, key, stand_in, connect):
        desk.gateway = connect()
        desk.schedule(key, number="SUB-1", within=timedelta(days=1))
        desk.schedule(key, number="SUB-2", within=timedelta(days=40))
        desk.unschedule(key, "SUB-2")
        stand_in.control("clock", {"advance_seconds": 2 * 86_400})
        assert stand_in.requests(path=OLD, method="DELETE") == []

        assert desk.delete_key(key).state is Q.SUCCEEDED

    @pytest.mark.parametrize("action", UNCLEAR)
    def test_a_deletion_behind_an_unclear_answer_is_found_by_looking(
        self, desk, key, payment, stand_in, action
    ):
        stand_in.fail_next(OLD, action, method="DELETE", when="after_commit")

        operation = desk.delete_key(key)

        assert operation.state is Q.UNKNOWN
        assert stored("cus_1").known_to_gateway is not False
        assert desk.look(operation, seconds=15).state is Q.SUCCEEDED
        assert stored("cus_1").known_to_gateway is False
        assert stand_in.sent(OLD, "DELETE") == stand_in.done("key_delete") == 1

    def test_a_deletion_that_never_arrived_is_called_so_after_the_quiet_period(
        self, desk, key, stand_in
    ):
        stand_in.fail_next(OLD, "drop", method="DELETE", when="before_commit")
        operation = desk.delete_key(key)

        assert desk.look(operation, minutes=9).state is Q.UNKNOWN
        assert desk.look(operation, minutes=12).state is Q.NOT_EXECUTED
        assert stored("cus_1").known_to_gateway is True
        assert desk.delete_key(key, after=timedelta(minutes=13)).state is Q.SUCCEEDED
        assert stand_in.done("key_delete") == 1

    def test_a_gateway_that_finds_nothing_at_all_has_not_deleted_it(
        self, desk, key, payment, stand_in
    ):
        stand_in.fail_next(OLD, "drop", method="DELETE", when="before_commit")
        operation = desk.delete_key(key)
        stand_in.control("reset", {"seed": "empty"})

        assert desk.look(operation, minutes=1).state is Q.UNKNOWN

    def test_a_refusal_keeps_the_key(self, desk, key, stand_in):
        stand_in.fail_next(OLD, "code", method="DELETE", code=-1, message="점검 중")

        operation = desk.delete_key(key)

        assert (operation.state, operation.outcome) == (Q.FAILED, "점검 중")
        assert stored("cus_1").known_to_gateway is not False
        desk.sweep(seconds=75)
        assert (operation.state, operation.next_look_at) == (Q.FAILED, None)

    def test_a_refused_deletion_that_happened_is_told_late(self, desk, key, stand_in):
        stand_in.fail_next(OLD, "code", method="DELETE", when="after_commit", code=-1)

        operation = desk.delete_key(key)
        desk.sweep(seconds=75)

        assert operation.state is Q.SUCCEEDED_LATE
        assert stored("cus_1").known_to_gateway is False

    def test_a_key_the_gateway_does_not_know_is_not_deleted(self, desk, stand_in, now):
        gone = keep_key("cus_gone", now=now)

        assert desk.delete_key(gone).state is Q.REJECTED
        assert stored("cus_gone").known_to_gateway is False
        assert stand_in.sent("/subscribe/customers/cus_gone", "DELETE") == 0

    @pytest.mark.parametrize("action", ["redirect", "status"])
    def test_a_deletion_is_sent_once_whatever_comes_back(self, desk, key, stand_in, action):
        stand_in.fail_next(OLD, action, method="DELETE", times=-1, status=None)

        operation = desk.delete_key(key)
        for seconds in (20, 60, 130, 310, 620, 1_900):
            sweep(gateway=desk.gateway, now=desk.now + timedelta(seconds=seconds))

        assert operation.state is Q.NOT_EXECUTED
        assert stand_in.sent(OLD, "DELETE") == 1

    def test_fault_f04_a_deletion_that_could_not_be_sent_is_not_executed(
        self, desk, key, stand_in, connect
    ):
        nobody = connect(network=Network("DELETE", OLD, refused))

        assert desk.delete_key(key, gateway=nobody).state is Q.NOT_EXECUTED
        assert stand_in.done("key_delete") == 0

    def test_crash_c1_a_deletion_never_sent_is_sent_by_the_sweep_and_looks_again_first(
        self, desk, key, stand_in, connect
    ):
        network = Network("GET", f"{OLD}/schedules", killed_before)
        with pytest.raises(Killed):
            desk.delete_key(key, gateway=connect(network=network))
        operation = every_operation()[0]

        desk.sweep(seconds=75)

        assert operation.state is Q.SUCCEEDED
        assert stand_in.done("key_delete") == 1

    @pytest.mark.parametrize(
        ("how", "settled", "effects"),
        [(killed_before, Q.NOT_EXECUTED, 0), (killed_after, Q.SUCCEEDED, 1)],
        ids=["crash_c2", "crash_c4"],
    )
    def test_a_process_killed_while_deleting_is_settled_by_looking(
        self, desk, key, stand_in, connect, *, how, settled, effects
    ):
        with pytest.raises(Killed):
            desk.delete_key(key, gateway=connect(network=Network("DELETE", OLD, how)))
        operation = every_operation()[0]
        before = stand_in.sent(OLD, "DELETE")

        for seconds in (90, 120, 300, 720):
            desk.sweep(seconds=seconds)

        assert operation.state is settled
        assert (stand_in.sent(OLD, "DELETE"), stand_in.done("key_delete")) == (before, effects)

    def test_only_who_may_delete_keys_deletes(self, desk, key, stand_in):
        with pytest.raises(NotAllowed):
            desk.as_role(Role.SUPPORT).delete_key(key)
        assert every_operation() == []


class TestOneAtATime:
    def test_the_same_form_is_one_deletion(self, desk, key, stand_in):
        first = desk.delete_key(key, form_key="one-form")

        assert desk.delete_key(key, form_key="one-form").id == first.id
        assert stand_in.sent(OLD, "DELETE") == 1

    def test_while_one_is_open_nothing_else_is_done_with_the_key(self, desk, key, stand_in):
        stand_in.fail_next(OLD, "drop", method="DELETE", when="before_commit")
        desk.delete_key(key)
        asked = [
            lambda: desk.delete_key(key),
            lambda: desk.issue(key.customer, CARD, uid="cus_1", replaces=True),
            lambda: desk.charge(key),
            lambda: desk.schedule(key),
            lambda: desk.unschedule(key, "SUB-1"),
        ]

        for ask in asked:
            with pytest.raises(KeyInProgress) as refusal:
                ask()
            assert refusal.value.values["who"] == desk.actor.name
        assert len(every_operation()) == 1

    def test_a_key_with_an_open_charge_is_not_deleted(self, desk, key, stand_in):
        stand_in.fail_next("/subscribe/payments/again", "drop", method="POST")
        desk.charge(key)

        with pytest.raises(OperationInProgress):
            desk.delete_key(key)

    def test_the_database_itself_holds_one_open_operation_a_key(self, desk, key):
        def opened(kind: OperationKind) -> MoneyOperation:
            intent = Intent(kind=kind, form_key=desk.new_form(), customer_uid="cus_1")
            with transaction():
                return open_operation(intent, actor=desk.actor, gateway=desk.gateway, now=desk.now)

        opened(OperationKind.KEY_ISSUE)
        with pytest.raises(sa.exc.IntegrityError, match=r"(?i)unique"):
            opened(OperationKind.KEY_DELETE)

    def test_a_deletion_and_a_new_card_at_once_are_one_of_them(self, app, desk, key, stand_in):
        """One locks the key, the other its customer: the database holds them apart."""
        for method in ("DELETE", "POST"):
            stand_in.fail_next(OLD, "delay", method=method, delay_ms=1_000)
        key_id, customer_id = key.id, key.customer_id
        db.session.rollback()
        both = threading.Barrier(2)

        def delete() -> MoneyOperation:
            found = db.session.get(BillingKey, key_id)
            both.wait(timeout=10)
            return desk.delete_key(found, form_key="kim")

        def issue() -> MoneyOperation:
            found = db.session.get(Customer, customer_id)
            both.wait(timeout=10)
            return desk.issue(found, CARD, uid="cus_1", replaces=True, form_key="lee")

        outcomes = at_once(app, delete, issue)

        assert sum(isinstance(one, KeyInProgress) for one in outcomes) == 1, outcomes
        assert len(every_operation()) == 1
        assert stand_in.sent(OLD, "DELETE") + stand_in.sent(OLD, "POST") == 1

    def test_fault_f09_nothing_is_begun_while_the_gateway_does_not_answer(
        self, desk, key, customer, stand_in, gateway
    ):
        stand_in.fail_next("*", "status", status=503, times=-1)
        for _ in range(OPENS_AFTER):
            with pytest.raises(GatewayError):
                gateway.get_billing_key("cus_1")

        for ask in (
            lambda: desk.delete_key(key),
            lambda: desk.issue(customer, CARD),
            lambda: desk.schedule(key),
            lambda: desk.unschedule(key, "SUB-1"),
        ):
            with pytest.raises(GatewayNotAnswering):
                ask()
        assert every_operation() == []

    def test_what_is_of_another_gateway_is_not_touched(self, desk, key, customer, connect):
        elsewhere = connect(key="imp_another")

        for ask in (
            lambda: desk.delete_key(key, gateway=elsewhere),
            lambda: desk.issue(customer, CARD, gateway=elsewhere),
            lambda: desk.schedule(key, gateway=elsewhere),
            lambda: desk.unschedule(key, "SUB-1", gateway=elsewhere),
        ):
            with pytest.raises(WrongGateway):
                ask()
        assert every_operation() == []


class TestTwoPeople:
    def test_a_deletion_is_closed_by_what_the_gateway_shows(self, desk, key, stand_in):
        stand_in.fail_next(OLD, "drop", method="DELETE", when="after_commit")
        operation = left_to_people(desk, desk.delete_key(key), stand_in, OLD)

        with pytest.raises(GatewaySaysOtherwise):
            say(desk, operation, ClosureClaim.DID_NOT_HAPPEN)
        with pytest.raises(GatewaySaysOtherwise):
            say(desk, operation, ClosureClaim.HAPPENED, "cus_other")
        closed = agree(desk, say(desk, operation, ClosureClaim.HAPPENED, "cus_1"))

        assert (closed.state, closed.settled_by) == (Q.SUCCEEDED, SettledBy.HUMAN)
        assert stored("cus_1").known_to_gateway is False

    def test_a_stored_card_is_closed_by_what_the_gateway_shows(self, desk, customer, stand_in):
        stand_in.fail_next(NEW, "drop", method="POST", when="after_commit")
        operation = left_to_people(desk, desk.issue(customer, CARD), stand_in, NEW)

        with pytest.raises(GatewaySaysOtherwise):
            say(desk, operation, ClosureClaim.DID_NOT_HAPPEN)
        closed = agree(desk, say(desk, operation, ClosureClaim.HAPPENED, "cus_new"))

        assert closed.state is Q.SUCCEEDED
        assert stored().known_to_gateway
