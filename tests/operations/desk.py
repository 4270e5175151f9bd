"""What people decide about money, without a browser, and networks that fail in chosen places."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import httpx
import sqlalchemy as sa
from flask import current_app
from sqlalchemy import event

from admin.accounts.second_factor import TypedCode
from admin.customers.card_service import KeyInCommand, charge_typed_card
from admin.customers.key_service import (
    DeleteCommand,
    IssueCommand,
    KeptCard,
    ScheduleCommand,
    UnscheduleCommand,
    delete_billing_key,
    issue_billing_key,
    schedule_charge,
    unschedule_charges,
)
from admin.customers.service import ChargeCommand, charge_billing_key
from admin.domain.actor import Actor
from admin.domain.card import Card
from admin.domain.clock import kst_date
from admin.domain.escrow import Decision, DeliveryNotice, Evidence
from admin.domain.money import Money
from admin.domain.permissions import Role
from admin.escrow_orders.decision_service import DecisionCommand, record_decision
from admin.escrow_orders.service import DeliveryCommand, register_delivery
from admin.gateway.client import Gateway
from admin.models import (
    AuditEntry,
    BillingKey,
    Customer,
    EscrowDecision,
    MoneyOperation,
    Payment,
    db,
)
from admin.operations.resolver import look, sweep
from admin.payments.service import sync_payment
from admin.refunds.service import RefundCommand, refund_payment
from tests.conftest import add_operator
from tests.people import AuthenticatorApp

Forward = Callable[[httpx.Request], httpx.Response]
# What a gateway does that tells nothing of whether it acted.
UNCLEAR = ("drop", "status", "html", "garbage", "truncate", "no_length_truncate")


@dataclass
class Desk:
    """One person at one gateway at one moment."""

    actor: Actor
    gateway: Gateway
    now: datetime
    forms: int = 0
    app: AuthenticatorApp | None = None

    def as_role(self, role: Role) -> Desk:
        """Somebody else of a role, at the same gateway and moment."""
        return Desk(person(role), self.gateway, self.now)

    def know(self, imp_uid: str) -> Payment:
        """The payment as the gateway has it, taken into the mirror."""
        applied = sync_payment(imp_uid, source="tests", gateway=self.gateway, now=self.now)
        return db.session.get_one(Payment, applied.payment_id)

    def refund(
        self,
        payment: Payment,
        amount: int,
        *,
        seen: int | None = None,
        form_key: str = "",
        gateway: Gateway | None = None,
        after: timedelta = timedelta(0),
    ) -> MoneyOperation:
        """Refund a part of a payment over what the mirror says is left."""
        command = RefundCommand(
            payment_id=payment.id,
            amount=Money(amount),
            seen=Money(payment.cancellable.minor if seen is None else seen),
            reason="defective",
            note="",
            form_key=form_key or self.new_form(),
        )
        gateway = gateway or self.gateway
        return refund_payment(command, actor=self.actor, gateway=gateway, now=self.now + after)

    def charge(
        self,
        key: BillingKey,
        amount: int = 10_000,
        *,
        number: str = "CHG-1",
        form_key: str = "",
        gateway: Gateway | None = None,
        after: timedelta = timedelta(0),
    ) -> MoneyOperation:
        """Charge a billing key under an order number."""
        command = ChargeCommand(
            billing_key_id=key.id,
            merchant_uid=number,
            amount=Money(amount),
            order_name="정기배송 11월",
            note="",
            form_key=form_key or self.new_form(),
        )
        gateway = gateway or self.gateway
        return charge_billing_key(command, actor=self.actor, gateway=gateway, now=self.now + after)

    def deliver(
        self,
        payment: Payment,
        *,
        invoice: str = "123456789012",
        company: str = "CJGLS",
        sent_at: datetime | None = None,
        gateway: Gateway | None = None,
        after: timedelta = timedelta(0),
    ) -> MoneyOperation:
        """Register the parcel of an escrow order."""
        sent_at = sent_at or self.now - timedelta(minutes=10)
        command = DeliveryCommand(
            payment_id=payment.id,
            notice=DeliveryNotice(company=company, invoice=invoice, sent_at=sent_at),
            form_key=self.new_form(),
        )
        gateway = gateway or self.gateway
        return register_delivery(command, actor=self.actor, gateway=gateway, now=self.now + after)

    def decide(
        self,
        payment: Payment,
        decision: Decision,
        *,
        evidence: Evidence = Evidence.KCP_ADMIN,
        decided_on: date | None = None,
        note: str = "KCP 관리자 화면에서 봄",
        seen: int | None = None,
    ) -> EscrowDecision:
        """Record what the buyer of an escrow order decided, over the latest record by default."""
        latest = sa.select(sa.func.max(EscrowDecision.id)).where(
            EscrowDecision.payment_id == payment.id
        )
        command = DecisionCommand(
            payment_id=payment.id,
            decision=decision,
            decided_on=decided_on or kst_date(self.now),
            evidence=evidence,
            note=note,
            seen=(db.session.scalar(latest) or 0) if seen is None else seen,
        )
        return record_decision(command, actor=self.actor, now=self.now)

    def issue(
        self,
        customer: Customer,
        card: Card,
        *,
        uid: str = "cus_new",
        replaces: bool = False,
        form_key: str = "",
        gateway: Gateway | None = None,
        after: timedelta = timedelta(0),
    ) -> MoneyOperation:
        """Store a customer's card as a billing key."""
        command = IssueCommand(
            customer_id=customer.id,
            keep=KeptCard(customer_uid=uid, replaces=replaces),
            form_key=form_key or self.new_form(),
        )
        gateway = gateway or self.gateway
        return issue_billing_key(
            command,
            card,
            self.code(after=after),
            actor=self.actor,
            gateway=gateway,
            now=self.now + after,
        )

    def key_in(
        self,
        customer: Customer,
        card: Card,
        amount: int = 10_000,
        *,
        number: str = "KEY-1",
        keep: str = "",
        replaces: bool = False,
        form_key: str = "",
        gateway: Gateway | None = None,
        after: timedelta = timedelta(0),
    ) -> MoneyOperation:
        """Charge a card that is typed in, and keep it under an address where one is given."""
        command = KeyInCommand(
            customer_id=customer.id,
            merchant_uid=number,
            amount=Money(amount),
            order_name="전화 주문 11월",
            note="",
            form_key=form_key or self.new_form(),
            keep=KeptCard(customer_uid=keep, replaces=replaces) if keep else None,
        )
        return charge_typed_card(
            command,
            card,
            self.code(after=after),
            actor=self.actor,
            gateway=gateway or self.gateway,
            now=self.now + after,
        )

    def code(self, *, after: timedelta = timedelta(0)) -> TypedCode:
        """What the person's authenticator app shows, set up when it is first asked for."""
        if self.app is None:
            self.app = AuthenticatorApp(self.actor.operator_id or 0)
        totp = current_app.extensions["people"].totp_factory
        return TypedCode(text=self.app.code(self.now + after), totp=totp)

    def delete_key(
        self,
        key: BillingKey,
        *,
        form_key: str = "",
        gateway: Gateway | None = None,
        after: timedelta = timedelta(0),
    ) -> MoneyOperation:
        """Delete a billing key."""
        command = DeleteCommand(billing_key_id=key.id, form_key=form_key or self.new_form())
        gateway = gateway or self.gateway
        return delete_billing_key(command, actor=self.actor, gateway=gateway, now=self.now + after)

    def schedule(
        self,
        key: BillingKey,
        amount: int = 10_000,
        *,
        number: str = "SUB-1",
        within: timedelta = timedelta(days=30),
        form_key: str = "",
        gateway: Gateway | None = None,
        after: timedelta = timedelta(0),
    ) -> MoneyOperation:
        """Schedule a charge of a billing key."""
        command = ScheduleCommand(
            billing_key_id=key.id,
            merchant_uid=number,
            schedule_at=(self.now + within).replace(microsecond=0),
            amount=Money(amount),
            order_name="정기배송 12월",
            note="",
            form_key=form_key or self.new_form(),
        )
        gateway = gateway or self.gateway
        return schedule_charge(command, actor=self.actor, gateway=gateway, now=self.now + after)

    def unschedule(
        self,
        key: BillingKey,
        *numbers: str,
        form_key: str = "",
        gateway: Gateway | None = None,
        after: timedelta = timedelta(0),
    ) -> MoneyOperation:
        """Take scheduled charges back."""
        command = UnscheduleCommand(
            billing_key_id=key.id, merchant_uids=numbers, form_key=form_key or self.new_form()
        )
        gateway = gateway or self.gateway
        return unschedule_charges(command, actor=self.actor, gateway=gateway, now=self.now + after)

    def look(self, operation: MoneyOperation, **after: float) -> MoneyOperation:
        """Look at an operation some time later."""
        later = self.now + timedelta(**after)
        return look(operation.id, gateway=self.gateway, now=later)

    def sweep(self, **after: float) -> int:
        """The worker's round some time later."""
        return sweep(gateway=self.gateway, now=self.now + timedelta(**after))

    def new_form(self) -> str:
        """The key of a form nobody has sent yet."""
        self.forms += 1
        return f"form-{self.forms}"


def person(role: Role) -> Actor:
    """Somebody new of a role."""
    operator = add_operator(role)
    return Actor(name=operator.name, operator_id=operator.id, role=role)


def later(desk: Desk) -> Desk:
    """The same desk two hours later."""
    return Desk(desk.actor, desk.gateway, desk.now + timedelta(hours=2), forms=desk.forms + 100)


class Killed(BaseException):
    """The process was killed here."""


@contextmanager
def dying_at_commit(place: int) -> Iterator[None]:
    """The process is killed just before its commit number `place`; the first is 0."""
    left = place

    def count_down(_session: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed

    event.listen(db.session, "before_commit", count_down)
    try:
        yield
    finally:
        event.remove(db.session, "before_commit", count_down)


class Network(httpx.BaseTransport):
    """The real network, but for one request that a test takes into its own hands."""

    def __init__(self, method: str, path: str, take: Callable[[httpx.Request, Forward], None]):
        self._method, self._path, self._take = method, path, take
        self._real = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Forward everything; `take` may stop the one request before or after it has gone."""
        if (request.method, request.url.path) == (self._method, self._path):
            self._take(request, self._forward)
        return self._real.handle_request(request)

    def close(self) -> None:
        self._real.close()

    def _forward(self, request: httpx.Request) -> httpx.Response:
        answer = self._real.handle_request(request)
        answer.read()
        return answer


def refused(request: httpx.Request, forward: Forward) -> None:
    """Nobody listens at the address: not one byte leaves."""
    raise httpx.ConnectError("connection refused")


def killed_before(request: httpx.Request, forward: Forward) -> None:
    """The process dies with the request unsent."""
    raise Killed


def killed_after(request: httpx.Request, forward: Forward) -> None:
    """The process dies when the gateway has acted and nothing was read."""
    forward(request)
    raise Killed


def fresh(operation: MoneyOperation) -> MoneyOperation:
    """The row as the database has it now, whoever wrote it."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(MoneyOperation, operation.id)


def stored(customer_uid: str = "cus_new") -> BillingKey | None:
    """The shop's own row for a billing key as the database has it now, if there is one."""
    db.session.rollback()
    db.session.expire_all()
    query = sa.select(BillingKey).where(BillingKey.customer_uid == customer_uid)
    return db.session.scalars(query).one_or_none()


def every_operation() -> list[MoneyOperation]:
    """All rows, in the order of the decisions."""
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(sa.select(MoneyOperation).order_by(MoneyOperation.id)))


def audited() -> list[str]:
    """The actions of the audit trail, oldest first."""
    return list(db.session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)))
