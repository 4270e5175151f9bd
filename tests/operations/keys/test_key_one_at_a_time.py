"""One decision at a time about a billing key, and none that cannot be carried out."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from admin.domain.operation import OperationKind, OperationState
from admin.gateway.circuit import OPENS_AFTER
from admin.gateway.errors import GatewayError
from admin.models import BillingKey, Customer, MoneyOperation, db, transaction
from admin.operations.errors import (
    GatewayNotAnswering,
    KeyInProgress,
    OperationInProgress,
    WrongGateway,
)
from admin.operations.intent import Intent, open_operation
from tests.operations.cards import CARD
from tests.operations.desk import every_operation
from tests.operations.keys.conftest import OLD
from tests.operations.threads import at_once

pytestmark = pytest.mark.slow

Q = OperationState


def test_the_same_form_is_one_deletion(desk, key, stand_in):
    first = desk.delete_key(key, form_key="one-form")

    assert desk.delete_key(key, form_key="one-form").id == first.id
    assert stand_in.sent(OLD, "DELETE") == 1


def test_while_one_is_open_nothing_else_is_done_with_the_key(desk, key, stand_in):
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


def test_a_key_with_an_open_charge_is_not_deleted(desk, key, stand_in):
    stand_in.fail_next("/subscribe/payments/again", "drop", method="POST")
    desk.charge(key)

    with pytest.raises(OperationInProgress):
        desk.delete_key(key)


def test_the_database_itself_holds_one_open_operation_a_key(desk, key):
    def opened(kind: OperationKind) -> MoneyOperation:
        intent = Intent(kind=kind, form_key=desk.new_form(), customer_uid="cus_1")
        with transaction():
            return open_operation(intent, actor=desk.actor, gateway=desk.gateway, now=desk.now)

    opened(OperationKind.KEY_ISSUE)
    with pytest.raises(sa.exc.IntegrityError, match=r"(?i)unique"):
        opened(OperationKind.KEY_DELETE)


def test_a_deletion_and_a_new_card_at_once_are_one_of_them(app, desk, key, stand_in):
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
    desk, key, customer, stand_in, gateway
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


def test_what_is_of_another_gateway_is_not_touched(desk, key, customer, connect):
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
