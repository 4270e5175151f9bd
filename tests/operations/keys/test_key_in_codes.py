"""The code behind which a card is typed in: which is taken, when, and how often."""

from __future__ import annotations

import threading

import pytest

from admin.accounts.second_factor import NoSecondFactor, TypedCode, WrongCode
from admin.domain.errors import InvalidInput
from admin.domain.operation import OperationState
from admin.domain.permissions import Role
from admin.models import Customer, MoneyOperation, Operator, db, transaction
from tests.operations.cards import CARD
from tests.operations.desk import every_operation
from tests.operations.keys.conftest import NEW, ONCE
from tests.operations.threads import at_once

pytestmark = pytest.mark.slow

Q = OperationState


def test_a_wrong_code_sends_nothing_and_uses_nothing_up(desk, customer, stand_in):
    right = desk.code().text
    desk.app.code = lambda _now: f"{(int(right) + 7) % 1_000_000:06}"
    with pytest.raises(WrongCode):
        desk.key_in(customer, CARD)
    with pytest.raises(WrongCode):
        desk.issue(customer, CARD)
    assert (every_operation(), stand_in.sent(ONCE)) == ([], 0)
    assert stand_in.requests(path=NEW) == []

    desk.app.code = lambda _now: right
    assert desk.key_in(customer, CARD).state is Q.SUCCEEDED


def test_a_code_is_taken_once(desk, customer, stand_in):
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


def test_an_earlier_code_is_worth_nothing_after_a_later_one(desk, customer):
    earlier = desk.code().text
    step = int(desk.now.timestamp()) // 30
    desk.app.code = lambda _now: desk.app.at(step)
    desk.key_in(customer, CARD)
    desk.app.code = lambda _now: earlier
    with pytest.raises(WrongCode):
        desk.key_in(customer, CARD, 20_000, number="KEY-2")


@pytest.mark.parametrize("off", [-2, 2])
def test_a_code_of_a_minute_ago_or_ahead_is_none(desk, customer, off):
    desk.code()
    counter = int(desk.now.timestamp()) // 30 + off
    desk.app.code = lambda _now: desk.app.at(counter)
    with pytest.raises(WrongCode):
        desk.key_in(customer, CARD)


def test_a_refused_decision_leaves_the_code_for_the_next_one(desk, customer):
    desk.key_in(customer, CARD)
    text = desk.code().text
    desk.app.code = lambda _now: text

    with pytest.raises(InvalidInput):
        desk.key_in(customer, CARD, 20_000)  # the same order number
    assert desk.key_in(customer, CARD, 20_000, number="KEY-2").state is Q.SUCCEEDED


def test_the_same_form_sent_twice_needs_one_code_and_is_one_payment(desk, customer, stand_in):
    text = desk.code().text
    desk.app.code = lambda _now: text
    first = desk.key_in(customer, CARD, form_key="one-form")
    again = desk.key_in(customer, CARD, form_key="one-form")

    assert again.id == first.id
    assert stand_in.sent(ONCE) == 1


def test_the_code_of_somebody_else_is_none(desk, customer):
    theirs = desk.as_role(Role.MANAGER).code().text
    desk.code()
    desk.app.code = lambda _now: theirs
    with pytest.raises(WrongCode):
        desk.key_in(customer, CARD)


def test_who_has_no_app_is_told_so(desk, customer, stand_in):
    desk.code()
    with transaction():
        operator = db.session.get_one(Operator, desk.actor.operator_id)
        operator.tf_primary_method = operator.tf_totp_secret = None
    with pytest.raises(NoSecondFactor):
        desk.key_in(customer, CARD)
    assert (every_operation(), stand_in.sent(ONCE)) == ([], 0)


def test_one_code_before_two_forms_at_once_is_one_payment(app, desk, customer, stand_in):
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


def test_a_typed_code_shows_itself_to_nobody(desk):
    code = desk.code()
    assert isinstance(code, TypedCode)
    assert code.text not in repr(code)
