"""Refunds that are more than an amount: to an account, with tax-free goods, once confirmed."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from admin.config import Settings, sqlite_path
from admin.domain.approval import Limit
from admin.domain.errors import InvalidInput
from admin.domain.escrow import Decision
from admin.domain.money import Money
from admin.domain.operation import OperationState
from admin.domain.permissions import Role
from admin.domain.refund import RefundNotAllowed
from admin.domain.refund_account import RefundAccount
from admin.models import MoneyOperation, Payment, db
from admin.refund_rules.service import set_limit
from admin.refunds.service import RefundCommand, refund_payment
from tests.operations.conftest import UID, Connect
from tests.operations.desk import Desk, Forward, Network, person
from tests.stand_in import StandIn

S = OperationState
Bodies = list[dict[str, object]]
CANCEL = "/payments/cancel"
ACCOUNT = RefundAccount(holder="이도윤", bank="BK88", number="110345678901")


def refund(desk: Desk, payment: Payment, amount: int, **more: object) -> MoneyOperation:
    command = RefundCommand(
        payment_id=payment.id,
        amount=Money(amount),
        seen=payment.cancellable,
        reason="defective",
        note="",
        form_key=desk.new_form(),
        **more,  # type: ignore[arg-type]
    )
    return refund_payment(command, actor=desk.actor, gateway=desk.gateway, now=desk.now)


@pytest.fixture
def sent(desk: Desk, connect: Connect) -> list[dict[str, object]]:
    """The cancels on their way to the gateway, in order."""
    bodies: list[dict[str, object]] = []

    def note(request: httpx.Request, forward: Forward) -> None:
        bodies.append(json.loads(request.content))

    desk.gateway = connect(network=Network("POST", CANCEL, note))
    return bodies


@pytest.fixture
def account_payment(desk: Desk, stand_in: StandIn) -> Payment:
    stand_in.paid(UID, pay_method="vbank", vbank_num="56201234567890")
    return desk.know(UID)


def test_a_virtual_account_is_refunded_to_the_account_entered(
    account_payment: Payment, desk: Desk, stand_in: StandIn, sent: Bodies
) -> None:
    done = refund(desk, account_payment, 4_000, account=ACCOUNT)
    assert done.state is S.SUCCEEDED
    (body,) = sent
    assert (body["refund_holder"], body["refund_bank"], body["refund_account"]) == (
        "이도윤",
        "BK88",
        "110345678901",
    )


def test_without_an_account_nothing_is_sent(
    account_payment: Payment, desk: Desk, stand_in: StandIn, sent: Bodies
) -> None:
    with pytest.raises(InvalidInput):
        refund(desk, account_payment, 4_000)
    assert sent == []


def test_once_sent_only_the_last_digits_of_the_account_are_kept(
    account_payment: Payment, desk: Desk, settings: Settings
) -> None:
    done = refund(desk, account_payment, 4_000, account=ACCOUNT)
    assert done.account is None
    assert done.details["account"] == "신한은행 ****8901"
    path = sqlite_path(settings.database_url)
    if path is not None:
        db.session.commit()
        files = [path, *(Path(f"{path}{ending}") for ending in ("-wal", "-shm"))]
        kept = b"".join(file.read_bytes() for file in files if file.exists())
        assert b"110345678901" not in kept


def test_while_it_waits_the_account_is_unreadable_in_the_database(
    account_payment: Payment, desk: Desk
) -> None:
    set_limit("role:finance", Limit(per_refund=Money(1)), actor=person(Role.MANAGER), now=desk.now)
    waiting = refund(desk, account_payment, 4_000, account=ACCOUNT)
    raw = db.session.execute(sa.text("SELECT account FROM operations")).scalar_one()
    assert waiting.state is S.NEEDS_APPROVAL
    assert "110345678901" not in raw
    assert "이도윤" not in raw
    assert waiting.account is not None
    assert "110345678901" in waiting.account


def test_what_is_registered_is_accepted_until_it_shows(
    account_payment: Payment, desk: Desk, stand_in: StandIn
) -> None:
    stand_in.control("settings", {"account_refunds": "when_paid"})
    operation = refund(desk, account_payment, 4_000, account=ACCOUNT)
    assert operation.state is S.ACCEPTED
    assert desk.look(operation, minutes=30).state is S.ACCEPTED
    later = desk.now + timedelta(days=5)
    stand_in.control("clock", {"now": later.isoformat()})
    settled = desk.look(operation, days=5)
    assert (settled.state, bool(settled.claimed_key)) == (S.SUCCEEDED, True)
    assert stand_in.payment(UID)["cancel_amount"] == 4_000


def test_what_never_shows_goes_to_people_after_a_week(
    account_payment: Payment, desk: Desk, stand_in: StandIn
) -> None:
    stand_in.control("settings", {"account_refunds": "when_paid"})
    operation = refund(desk, account_payment, 4_000, account=ACCOUNT)
    assert desk.look(operation, days=6).state is S.ACCEPTED
    assert desk.look(operation, days=7, hours=1).state is S.HUMAN


def test_a_phone_bill_of_an_earlier_month_goes_to_an_account(
    desk: Desk, stand_in: StandIn, sent: Bodies
) -> None:
    paid_at = int((desk.now - timedelta(days=40)).timestamp())
    stand_in.paid(UID, pay_method="phone", paid_at=paid_at, started_at=paid_at)
    payment = desk.know(UID)
    with pytest.raises(RefundNotAllowed):
        refund(desk, payment, 1, account=ACCOUNT)
    assert refund(desk, payment, 10_000, account=ACCOUNT).state is S.SUCCEEDED
    assert sent[0]["refund_bank"] == "BK88"


def test_tax_free_goods_go_back_in_proportion_and_the_last_refund_takes_the_rest(
    desk: Desk, stand_in: StandIn, sent: Bodies
) -> None:
    stand_in.paid(UID, amount=10_000, tax_free=3_000, custom_data='{"tax_free": 3000}')
    for amount in (3_333, 3_333, 3_334):
        assert refund(desk, desk.know(UID), amount).state is S.SUCCEEDED
    assert [body["tax_free"] for body in sent] == [1_000, 1_000, 1_000]


def test_the_tax_free_part_is_sent_even_when_it_is_nothing(
    desk: Desk, payment: Payment, stand_in: StandIn, sent: Bodies
) -> None:
    refund(desk, payment, 1_000)
    assert sent[0]["tax_free"] == 0


def test_a_tax_free_part_that_kcp_would_refuse_is_refused_here(
    desk: Desk, stand_in: StandIn, sent: Bodies
) -> None:
    stand_in.paid(UID, amount=10_000, tax_free=3_000, custom_data='{"tax_free": 3000}')
    payment = desk.know(UID)
    with pytest.raises(InvalidInput):
        refund(desk, payment, 10_000, tax_free=Money(0))
    assert sent == []


def test_what_the_shop_did_not_declare_a_person_may_state(
    desk: Desk, stand_in: StandIn, sent: Bodies
) -> None:
    stand_in.paid(UID, amount=10_000, tax_free=4_000)
    done = refund(desk, desk.know(UID), 10_000, tax_free_total=Money(4_000))
    assert (done.state, sent[0]["tax_free"]) == (S.SUCCEEDED, 4_000)


def test_after_the_buyer_confirmed_kcp_is_told_so_and_takes_a_part(
    desk: Desk, parcel: Payment, stand_in: StandIn, sent: Bodies
) -> None:
    desk.deliver(parcel)
    stand_in.control("buyer/escrow", {"imp_uid": UID, "decision": "confirmed"})
    payment = desk.know(UID)
    with pytest.raises(RefundNotAllowed):
        refund(desk, payment, 4_000)
    desk.decide(payment, Decision.CONFIRMED)
    done = refund(desk, payment, 4_000)
    assert (done.state, sent[-1]["escrow_confirmed"]) == (S.SUCCEEDED, True)
