"""A typed card that is kept: what it pays, and which billing key it becomes."""

from __future__ import annotations

import pytest

from admin.customers.key_service import KeyTaken
from admin.customers.service import JustCharged
from admin.domain.operation import OperationState
from admin.models import BillingKey, db, transaction
from admin.operations.errors import KeyInProgress
from tests.operations.cards import ALIKE, CARD, DECLINED, everything_written, found_in
from tests.operations.desk import Network, every_operation, refused, stored
from tests.operations.keys.conftest import NEW, ONCE

pytestmark = pytest.mark.slow

Q = OperationState


def test_a_paid_card_is_a_key_that_can_be_charged_again(desk, customer, stand_in):
    operation = desk.key_in(customer, CARD, keep="cus_new")

    assert operation.state is Q.SUCCEEDED
    key = stored()
    assert (key.customer_id, key.known_to_gateway) == (customer.id, True)
    assert key.card_number.endswith("1093")
    with pytest.raises(JustCharged):
        desk.charge(key)
    assert desk.charge(key, 20_000, number="CHG-2").state is Q.SUCCEEDED


def test_a_declined_card_is_no_key(desk, customer):
    assert desk.key_in(customer, DECLINED, keep="cus_new").state is Q.FAILED
    assert stored() is None


def test_a_payment_found_by_looking_keeps_its_key_too(desk, customer, stand_in):
    stand_in.fail_next(ONCE, "drop", method="POST", when="after_commit")
    operation = desk.key_in(customer, CARD, keep="cus_new")

    assert (operation.state, stored()) == (Q.UNKNOWN, None)
    assert desk.look(operation, seconds=15).state is Q.SUCCEEDED
    assert stored().known_to_gateway
    assert (stand_in.sent(ONCE), stand_in.done("charge")) == (1, 1)


def test_a_payment_is_not_doubted_because_its_key_could_not_be_looked_up(
    desk, customer, stand_in, connect
):
    looks = []

    def second_fails(request, forward):
        looks.append(request)
        if len(looks) > 1:
            refused(request, forward)

    network = Network("GET", NEW, second_fails)
    operation = desk.key_in(customer, CARD, keep="cus_new", gateway=connect(network=network))

    assert operation.state is Q.SUCCEEDED
    assert stored().known_to_gateway is None, "kept, and not looked up yet"


def test_a_card_that_is_there_already_is_not_written_over_unasked(desk, customer, stand_in):
    stand_in.control("customers", {"customers": [{"customer_uid": "cus_new"}]})

    assert desk.key_in(customer, CARD, keep="cus_new").state is Q.REJECTED
    assert stand_in.sent(ONCE) == 0
    operation = desk.key_in(customer, CARD, keep="cus_new", replaces=True)
    assert operation.state is Q.SUCCEEDED
    assert stored().card_number.endswith("1093")


def test_the_key_of_another_customer_is_never_taken(desk, customer, key, stand_in):
    with pytest.raises(KeyTaken):
        desk.key_in(customer, CARD, keep="cus_1", replaces=True)
    assert (every_operation(), stand_in.sent(ONCE)) == ([], 0)


def test_nothing_else_is_done_with_the_key_while_the_outcome_is_unknown(desk, customer, stand_in):
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


def test_what_is_written_of_a_kept_card_holds_none_of_it(desk, customer, settings):
    operation = desk.key_in(customer, CARD, keep="cus_new")

    written = everything_written(settings)

    assert found_in(written) == []
    assert operation.id in written
