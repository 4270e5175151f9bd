"""The model gateway: the truth of a history, and the ledger of everything that ever happened.

It is small and has no faults of its own; `faults` and `transport` stand between it and us. What
the papers leave open is drawn by the history: how a partial cancel reads, and whether an order
number that is paid already is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.simulation.clock import Clock

Row = dict[str, Any]
CHECKSUM = "취소 가능 금액 검증(checksum)에 실패하였습니다."


class Refused(Exception):
    """The gateway's own refusal; nothing happened."""

    def __init__(self, message: str, *, code: int = 1, status: int = 200) -> None:
        self.message, self.code, self.status = message, code, status
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One thing that happened at the gateway. `ours`: asked for over the API."""

    kind: str  # refund, charge, delivery
    mark: str  # what tells whose it is: the reason, the order number, the invoice
    imp_uid: str
    amount: int
    left_before: int = 0
    ours: bool = True
    cancellation_id: str = ""


@dataclass(slots=True)
class World:
    """Payments, deliveries and stored cards as the gateway holds them."""

    clock: Clock
    partial_reads: str = "cancelled"  # or "paid"
    refuses_paid_numbers: bool = True
    payments: dict[str, Row] = field(default_factory=dict)
    earlier: dict[str, list[tuple[int, Row]]] = field(default_factory=dict)
    deliveries: dict[str, Row] = field(default_factory=dict)
    cancelled_at_pg: set[str] = field(default_factory=set)
    effects: list[Effect] = field(default_factory=list)
    announced: list[Row] = field(default_factory=list)  # webhooks not delivered yet
    charged_otherwise: int = 0  # won that the PG adds to the next charge

    def pay(
        self, amount: int, *, escrow: bool = False, status: str = "paid", number: str = ""
    ) -> Row:
        """A buyer pays in the window, gives up or is declined; several may share a number."""
        number = number or f"ORD-{len(self.payments) + 1}"
        row = self._new(number, amount, status=status, escrow=escrow)
        self._announce(row)
        return row

    def charge(self, body: Row) -> Row:
        """POST /subscribe/payments/again."""
        number, amount = body.get("merchant_uid"), body.get("amount")
        if not number or not amount:
            raise Refused("merchant_uid, amount 파라메터가 누락되었습니다.")
        paid = any(row["paid_at"] for row in self.numbered(number))
        if paid and self.refuses_paid_numbers:
            raise Refused("이미 결제가 완료된 merchant_uid입니다.")
        taken = int(amount) + self.charged_otherwise
        self.charged_otherwise = 0
        row = self._new(number, taken, customer_uid=body.get("customer_uid"))
        self._note("charge", number, row, taken)
        return row

    def charge_again(self, row: Row) -> None:
        """The gateway's own fault: a second payment under the order number of the first."""
        self._new(row["merchant_uid"], row["amount"], customer_uid=row["customer_uid"])

    def decline(self, body: Row) -> Row:
        """A charge that the card company refuses: code 0, and a payment that failed."""
        return self._new(
            body["merchant_uid"],
            int(body["amount"]),
            status="failed",
            customer_uid=body.get("customer_uid"),
        )

    def cancel(self, body: Row) -> Row:
        """POST /payments/cancel: imp_uid wins, no amount or 0 is everything that is left."""
        row, amount, left = self.judge_cancel(body)
        reason = str(body.get("reason") or "취소")
        self._note("refund", reason, row, amount, left=left)
        self._give_back(row, amount, reason)
        return row

    def judge_cancel(self, body: Row) -> tuple[Row, int, int]:
        """The payment, what goes back and what was left before. Raises Refused."""
        row = self._to_cancel(body)
        left = row["amount"] - row["cancel_amount"]
        if left <= 0:
            raise Refused("이미 전액취소된 주문입니다.")
        checksum = body.get("checksum")
        if checksum is not None and checksum != left:
            raise Refused(f"{CHECKSUM} 취소 가능 금액은 {left}원입니다.")
        amount = int(body.get("amount") or left)
        if amount > left:
            raise Refused("취소 요청 금액이 취소 가능 금액을 초과하였습니다.")
        if row["imp_uid"] in self.cancelled_at_pg:
            raise Refused("[8133] 이미 취소된 거래입니다.", code=-1)
        return row, amount, left

    def cancel_in_console(self, imp_uid: str, amount: int, *, reason: str) -> None:
        """A colleague gives money back in the PortOne console, past us."""
        row = self.payments[imp_uid]
        left = row["amount"] - row["cancel_amount"]
        self._note("refund", reason, row, amount, left=left, ours=False)
        self._give_back(row, amount, reason)
        self._announce(row)

    def register(self, imp_uid: str, body: Row) -> Row:
        """POST /escrows/logis/{imp_uid}."""
        if imp_uid not in self.payments:
            raise Refused("존재하지 않는 결제정보입니다.", status=404)
        if imp_uid in self.deliveries:
            raise Refused("이미 등록된 배송정보가 있습니다.", status=409)
        logis = body["logis"]
        delivery = {**logis, "applied_at": self.clock.epoch()}
        self.deliveries[imp_uid] = delivery
        row = self.payments[imp_uid]
        self._note("delivery", f"{logis['company']} {logis['invoice']}", row, 0)
        return delivery

    def turn_paid(self, imp_uid: str) -> None:
        """A payment reported failed that was paid after all."""
        row = self.payments[imp_uid]
        self._change(row, status="paid", paid_at=self.clock.epoch())
        self._note("charge", row["merchant_uid"], row, row["amount"])
        self._announce(row)

    def numbered(self, merchant_uid: str) -> list[Row]:
        """Every payment that carries an order number, oldest first."""
        return [row for row in self.payments.values() if row["merchant_uid"] == merchant_uid]

    def as_of(self, imp_uid: str, epoch: int) -> Row | None:
        """A payment as it was at a moment; None if it is younger."""
        return next((row for at, row in reversed(self.earlier[imp_uid]) if at <= epoch), None)

    def left(self, imp_uid: str) -> int:
        """What is left to give back."""
        row = self.payments[imp_uid]
        return int(row["amount"] - row["cancel_amount"])

    def _to_cancel(self, body: Row) -> Row:
        imp_uid = body.get("imp_uid")
        if imp_uid:
            found = self.payments.get(imp_uid)
        else:
            numbered = self.numbered(str(body.get("merchant_uid")))
            found = next((row for row in numbered if row["paid_at"]), None)
        if found is None:
            raise Refused("취소할 결제건이 존재하지 않습니다.")
        if not found["paid_at"]:
            raise Refused("결제가 완료되지 않은 건은 취소할 수 없습니다.")
        return found

    def _new(
        self,
        merchant_uid: str,
        amount: int,
        *,
        status: str = "paid",
        escrow: bool = False,
        customer_uid: str | None = None,
    ) -> Row:
        now = self.clock.epoch()
        row: Row = {
            "imp_uid": f"imp_{len(self.payments) + 1:012}",
            "merchant_uid": merchant_uid,
            "status": status,
            "amount": amount,
            "cancel_amount": 0,
            "currency": "KRW",
            "started_at": now,
            "paid_at": now if status == "paid" else 0,
            "failed_at": now if status == "failed" else 0,
            "cancelled_at": 0,
            "updated": now,
            "pay_method": "card",
            "pg_provider": "kcp",
            "pg_tid": f"tid{len(self.payments) + 1}",
            "name": "정기배송",
            "buyer_name": "이도윤",
            "escrow": escrow,
            "sandbox": False,
            "customer_uid": customer_uid,
            "fail_reason": "한도 초과" if status == "failed" else None,
            "cancel_reason": None,
            "cancel_history": [],
        }
        self.payments[row["imp_uid"]] = row
        self.earlier[row["imp_uid"]] = [(now, dict(row))]
        return row

    def _give_back(self, row: Row, amount: int, reason: str) -> None:
        now, history = self.clock.epoch(), row["cancel_history"]
        entry = {
            "cancellation_id": _next_cancellation(row),
            "pg_tid": row["pg_tid"],
            "amount": amount,
            "cancelled_at": now,
            "reason": reason,
        }
        cancelled = row["cancel_amount"] + amount
        whole = cancelled == row["amount"]
        self._change(
            row,
            cancel_amount=cancelled,
            cancelled_at=now,
            cancel_reason=reason,
            cancel_history=[*history, entry],
            status="cancelled" if whole else self.partial_reads,
        )

    def _change(self, row: Row, **values: object) -> None:
        row.update(values, updated=self.clock.epoch())
        self.earlier[row["imp_uid"]].append((self.clock.epoch(), dict(row)))

    def _note(
        self, kind: str, mark: str, row: Row, amount: int, *, left: int = 0, ours: bool = True
    ) -> None:
        effect = Effect(
            kind=kind,
            mark=mark,
            imp_uid=row["imp_uid"],
            amount=amount,
            left_before=left,
            ours=ours,
            cancellation_id=_next_cancellation(row) if kind == "refund" else "",
        )
        self.effects.append(effect)

    def _announce(self, row: Row) -> None:
        message = {name: row[name] for name in ("imp_uid", "merchant_uid", "status")}
        self.announced.append(message)


def _next_cancellation(row: Row) -> str:
    return f"{row['imp_uid']}-c{len(row['cancel_history']) + 1}"
