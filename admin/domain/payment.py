"""What a payment is: the snapshot that the gateway says and that our rows mirror.

`PaymentSnapshot` is the keystone: the gateway client returns it, `Payment.snapshot()` returns
it, `mirror` applies it and reconciliation compares it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from admin.domain.money import Currency, Money


class PaymentStatus(Enum):
    """The gateway's four words. Whether money came back is told by the amounts, never by these."""

    READY = "ready"
    FAILED = "failed"
    PAID = "paid"
    CANCELLED = "cancelled"

    @property
    def rank(self) -> int:
        """Place in the one direction a payment can move: ready < failed < paid < cancelled."""
        return list(PaymentStatus).index(self)


class PayMethod(Enum):
    """Ways to pay that the KCP window offers. A method unknown here is kept as its text."""

    CARD = "card"
    TRANS = "trans"
    VBANK = "vbank"
    PHONE = "phone"
    SAMSUNG = "samsung"
    PAYCO = "payco"
    KAKAOPAY = "kakaopay"
    NAVERPAY = "naverpay"
    TOSSPAY = "tosspay"
    LPAY = "lpay"
    SSGPAY = "ssgpay"
    APPLEPAY = "applepay"
    POINT = "point"
    CULTURELAND = "cultureland"
    SMARTCULTURE = "smartculture"
    HAPPYMONEY = "happymoney"
    BOOKNLIFE = "booknlife"


class PaymentState(Enum):
    """What a payment is to the people who work with it, judged by amounts, status and deadline."""

    OPENED = "opened"  # the window was opened, and the buyer did not finish
    AWAITING = "awaiting"  # a virtual account without its deposit
    EXPIRED = "expired"  # the virtual account's deadline passed without a deposit
    FAILED = "failed"
    PAID = "paid"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"  # ended before any money came


class Standing(Enum):
    """What a payment is whatever the hour: its state, the deadline of an account left aside."""

    OPENED = "opened"
    WAITING = "waiting"  # an account was issued; whether it is too late is a matter of now
    FAILED = "failed"
    PAID = "paid"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """One entry of the gateway's cancel history. Source: PaymentAnnotation.cancel_history."""

    cancellation_id: str  # issued by the gateway; "" on rows older than 2024-02
    amount: Money
    cancelled_at: datetime
    reason: str
    pg_tid: str = ""
    receipt_url: str | None = None

    @property
    def key(self) -> str:
        """What tells this entry from another of the same payment."""
        moment = int(self.cancelled_at.timestamp())
        return self.cancellation_id or f"{self.pg_tid}:{moment}:{self.amount.minor}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSnapshot:
    """A payment at one moment, as the gateway states it. Source: PaymentAnnotation.

    Amounts share one currency and are never negative; `cancelled` never exceeds `amount`.
    """

    imp_uid: str  # issued by the gateway
    merchant_uid: str  # the shop's order number; several attempts may share it
    status: PaymentStatus
    amount: Money
    cancelled: Money
    started_at: datetime
    paid_at: datetime | None = None
    failed_at: datetime | None = None
    cancelled_at: datetime | None = None
    pay_method: str = ""  # a PayMethod's value, or a word unknown to us
    wallet: str | None = None  # emb_pg_provider: the wallet inside the KCP window
    pg_provider: str | None = None
    pg_tid: str | None = None
    pg_id: str | None = None
    channel: str | None = None
    sandbox: bool = False
    escrow: bool = False
    apply_num: str | None = None  # approval number
    card_code: str | None = None
    card_name: str | None = None
    card_number: str | None = None  # masked by the gateway
    card_quota: int = 0  # instalment months; 0 is a lump sum
    card_type: int | None = None
    bank_code: str | None = None
    bank_name: str | None = None
    vbank_code: str | None = None
    vbank_name: str | None = None
    vbank_num: str | None = None
    vbank_holder: str | None = None
    vbank_due_at: datetime | None = None
    vbank_issued_at: datetime | None = None
    order_name: str | None = None
    buyer_name: str | None = None
    buyer_email: str | None = None
    buyer_tel: str | None = None
    buyer_addr: str | None = None
    buyer_postcode: str | None = None
    customer_uid: str | None = None
    customer_uid_usage: str | None = None
    custom_data: str | None = None
    fail_reason: str | None = None
    cancel_reason: str | None = None
    receipt_url: str | None = None
    cash_receipt_issued: bool = False
    extra: str | None = None  # fields the gateway has added since, as JSON text
    cancellations: tuple[Cancellation, ...] = field(default=())

    @property
    def currency(self) -> Currency:
        return self.amount.currency

    @property
    def cancellable(self) -> Money:
        """What is left to give back: amount minus everything cancelled so far."""
        return self.amount - self.cancelled

    @property
    def took_money(self) -> bool:
        """Whether money reached us at some moment, whatever came of it later."""
        return self.paid_at is not None or self.status is PaymentStatus.PAID

    @property
    def method(self) -> str:
        """What people call the way of paying: the wallet, where one was used inside the window."""
        return self.wallet or self.pay_method

    @property
    def standing(self) -> Standing:
        """Judge by amounts: sources disagree on how a partial cancel reads in `status`."""
        if self.status is PaymentStatus.FAILED:
            return Standing.FAILED
        if self.status is PaymentStatus.READY:
            has_account = self.vbank_num is not None or self.vbank_due_at is not None
            return Standing.WAITING if has_account else Standing.OPENED
        if self.cancelled.minor == 0:
            return Standing.PAID if self.took_money else Standing.CANCELLED
        whole = self.cancelled.minor >= self.amount.minor
        return Standing.REFUNDED if whole else Standing.PART_REFUNDED

    def state(self, now: datetime) -> PaymentState:
        """What people call it at this hour."""
        return state_at(self.standing, due_at=self.vbank_due_at, now=now)


def state_at(standing: Standing, *, due_at: datetime | None, now: datetime) -> PaymentState:
    """The state people see: only a virtual account's changes with the hour."""
    if standing is not Standing.WAITING:
        return PaymentState(standing.value)
    overdue = due_at is not None and due_at < now
    return PaymentState.EXPIRED if overdue else PaymentState.AWAITING
