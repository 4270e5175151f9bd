"""What each answer to storing a card leads to."""

from __future__ import annotations

import copy
import logging
import traceback
from datetime import timedelta

import pytest

from admin.customers.key_service import KeyTaken
from admin.domain.approval import ClosureClaim
from admin.domain.card import Card
from admin.domain.errors import InvalidInput, NotAllowed
from admin.domain.operation import OperationState, SettledBy
from admin.domain.permissions import Role
from admin.models import transaction
from admin.operations.closing import GatewaySaysOtherwise
from admin.operations.errors import KeyInProgress
from admin.operations.service import TakenByAnother, execute
from tests.operations.cards import CANARIES, CARD, NUMBER, everything_written
from tests.operations.closures import agree, left_to_people, say
from tests.operations.desk import (
    UNCLEAR,
    Killed,
    Network,
    audited,
    every_operation,
    killed_after,
    killed_before,
    refused,
    stored,
)
from tests.operations.keys.conftest import NEW, OLD

pytestmark = pytest.mark.slow

Q = OperationState


def test_a_stored_card_is_a_key_of_the_customers(desk, customer, stand_in):
    operation = desk.issue(customer, CARD)

    assert (operation.state, operation.settled_by) == (Q.SUCCEEDED, SettledBy.RESPONSE)
    key = stored()
    assert (key.customer_id, key.known_to_gateway) == (customer.id, True)
    assert key.card_number.endswith("1093")
    assert (stand_in.sent(NEW), stand_in.done("key_issue")) == (1, 1)
    assert {"billing_key_issue.requested", "billing_key_issue.succeeded"} <= set(audited())


def test_a_refused_card_stores_nothing_and_shows_the_gateways_words(desk, customer, stand_in):
    operation = desk.issue(customer, Card(number="4518421234520000", expiry="2031-07"))

    assert operation.state is Q.FAILED
    assert "CC14" in operation.outcome
    assert stored() is None
    desk.sweep(seconds=75)
    assert (operation.state, operation.next_look_at) == (Q.FAILED, None)


@pytest.mark.parametrize("action", UNCLEAR)
def test_fault_f55_a_card_stored_behind_an_unclear_answer_is_found_by_looking(
    desk, customer, stand_in, action
):
    stand_in.fail_next(NEW, action, method="POST", when="after_commit")

    operation = desk.issue(customer, CARD)

    assert operation.state is Q.UNKNOWN
    assert stored() is None
    assert desk.look(operation, seconds=15).state is Q.SUCCEEDED
    assert stored().known_to_gateway
    assert (stand_in.sent(NEW), stand_in.done("key_issue")) == (1, 1)


def test_fault_f55_the_card_is_nowhere_and_nobody_is_asked_for_it_again(
    desk, customer, stand_in, settings, caplog, capfd
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


def test_the_scan_of_everything_written_would_find_a_card(desk, customer, settings):
    with transaction():
        customer.email = NUMBER

    assert NUMBER in everything_written(settings)


def test_a_card_shows_itself_to_nobody(desk, customer, connect):
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


def test_a_card_that_never_arrived_is_called_so_after_the_quiet_period(desk, customer, stand_in):
    stand_in.fail_next(NEW, "drop", method="POST", when="before_commit")
    operation = desk.issue(customer, CARD)

    assert desk.look(operation, minutes=9).state is Q.UNKNOWN
    assert desk.look(operation, minutes=12).state is Q.NOT_EXECUTED
    assert stored() is None
    assert stand_in.sent(NEW) == 1
    again = desk.issue(customer, CARD, after=timedelta(minutes=13))
    assert again.state is Q.SUCCEEDED


def test_a_card_stored_before_proves_nothing(desk, old_key, stand_in):
    stand_in.fail_next(OLD, "drop", method="POST", when="before_commit")
    operation = desk.issue(old_key.customer, CARD, uid="cus_1", replaces=True)

    assert desk.look(operation, minutes=1).state is Q.UNKNOWN, "the same last four, but old"
    assert desk.look(operation, minutes=12).state is Q.NOT_EXECUTED


def test_a_card_of_somebody_elses_stored_since_is_left_to_people(desk, old_key, stand_in):
    stand_in.fail_next(OLD, "drop", method="POST", when="before_commit")
    operation = desk.issue(old_key.customer, CARD, uid="cus_1", replaces=True)
    later = {"customer_uid": "cus_1", "card_number": "943009******7777"}
    stand_in.control("customers", {"customers": [later]})

    assert desk.look(operation, minutes=12).state is Q.UNKNOWN
    assert desk.look(operation, minutes=31).state is Q.HUMAN
    closure = say(desk, operation, ClosureClaim.DID_NOT_HAPPEN)
    assert agree(desk, closure).state is Q.NOT_EXECUTED


def test_a_card_that_is_there_already_is_not_written_over_unasked(desk, customer, stand_in):
    stand_in.control("customers", {"customers": [{"customer_uid": "cus_new"}]})

    assert desk.issue(customer, CARD).state is Q.REJECTED
    assert stand_in.sent(NEW) == 0
    assert desk.issue(customer, CARD, replaces=True).state is Q.SUCCEEDED


def test_the_key_of_another_customer_is_never_taken(desk, customer, old_key, stand_in):
    with pytest.raises(KeyTaken):
        desk.issue(customer, CARD, uid="cus_1", replaces=True)
    with pytest.raises(KeyTaken):
        desk.issue(old_key.customer, CARD, uid="cus_1")
    assert every_operation() == []


def test_fault_f04_a_card_that_could_not_be_sent_is_not_stored(desk, customer, stand_in, connect):
    nobody = connect(network=Network("POST", NEW, refused))

    assert desk.issue(customer, CARD, gateway=nobody).state is Q.NOT_EXECUTED
    assert stand_in.done("key_issue") == 0


def test_crash_c1_no_worker_ever_sends_a_card(desk, customer, stand_in, connect):
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
    desk, customer, stand_in, connect, *, how, settled, effects
):
    with pytest.raises(Killed):
        desk.issue(customer, CARD, gateway=connect(network=Network("POST", NEW, how)))
    operation = every_operation()[0]
    before = stand_in.sent(NEW)

    for seconds in (90, 120, 300, 720):
        desk.sweep(seconds=seconds)

    assert operation.state is settled
    assert (stand_in.sent(NEW), stand_in.done("key_issue")) == (before, effects)


def test_what_can_be_no_card_never_leaves_and_is_not_repeated(desk, customer, stand_in):
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


def test_only_who_may_charge_stores_cards(desk, customer, stand_in):
    with pytest.raises(NotAllowed):
        desk.as_role(Role.SUPPORT).issue(customer, CARD)
    assert every_operation() == []


def test_a_stored_card_is_closed_by_what_the_gateway_shows(desk, customer, stand_in):
    stand_in.fail_next(NEW, "drop", method="POST", when="after_commit")
    operation = left_to_people(desk, desk.issue(customer, CARD), stand_in, NEW)

    with pytest.raises(GatewaySaysOtherwise):
        say(desk, operation, ClosureClaim.DID_NOT_HAPPEN)
    closed = agree(desk, say(desk, operation, ClosureClaim.HAPPENED, "cus_new"))

    assert closed.state is Q.SUCCEEDED
    assert stored().known_to_gateway
