"""Orders paid in the payment window: attempts, retries, deposits, cancels, deliveries."""

from random import Random

from sandbox.clock import in_kst
from sandbox.facts.kcp import TEST_SITE, WINDOW_SITE
from sandbox.payment_rows import Payment, blank_payment
from sandbox.seed.goods import SHIPPING_LINE
from sandbox.seed.methods import (
    ACCOUNT_METHODS,
    CERTIFICATES,
    SMALL_ONLY,
    choose_method,
    failure,
    method_fields,
)
from sandbox.seed.orders import Attempt, Cancel, Line, Order, fill_cart, order_name
from sandbox.seed.people import Buyer

_BLANK: Payment = blank_payment() | {
    "pg_provider": "kcp", "pg_id": WINDOW_SITE, "user_agent": "sorry_not_supported_anymore",
}  # fmt: skip
_ABANDONED = 0.026
_FAILED = 0.066
_TRIES_AGAIN = 0.45
_DEPOSITS = 0.8
_FULL_CANCEL = 0.047
_PARTIAL_CANCEL = 0.030
_CANCELLED_AT_KCP = 0.0008
_ESCROW = 0.27
_MOBILE = 0.62
_CONFIRMS_AFTER = 9 * 86_400
_COURIERS = ("CJGLS", "CJGLS", "CJGLS", "HANJIN", "HYUNDAI", "KGB", "EPOST")
_REASONS = (
    "단순 변심", "단순 변심", "단순 변심", "사이즈 교환", "상품 불량", "배송 지연", "품절",
    "중복 주문", "고객 요청", "관리자페이지취소",
)  # fmt: skip
_PART_REASONS = (
    "상품 누락",
    "일부 품절",
    "부분 반품",
    "배송비 환불",
    "상품 파손",
    "관리자페이지취소",
)


class WindowTrade:
    """Makes orders; nothing it makes lies after `now`."""

    def __init__(self, rng: Random, buyers: list[Buyer], now: int) -> None:
        self._rng = rng
        self._buyers = buyers
        self._now = now

    def order(self, at: int, *, room: int, method: str | None = None) -> Order:
        """An order whose window opens at `at`, of at most `room` attempts."""
        rng = self._rng
        method = method or choose_method(rng)
        lines = fill_cart(rng, small=method in SMALL_ONLY)
        buyer = self._buyers[int(rng.random() ** 1.6 * len(self._buyers))]
        order = Order(ordered_at=at, name=order_name(lines), buyer=buyer, lines=lines)
        is_escrow = method in ACCOUNT_METHODS and rng.random() < _ESCROW
        chance = rng.random()
        if method != "vbank" and chance < _ABANDONED:
            order.attempts.append(self._attempt(order, at, method))
        elif method != "vbank" and chance < _ABANDONED + _FAILED:
            self._fail(order, at, method, room=room)
        else:
            self._pay(order, at, method, is_escrow=is_escrow)
        return order

    def test_order(self, at: int) -> Order:
        """A staff member tries the window on the test channel; the books leave it out."""
        amount = (1_000, 5_000, 50_000)[int(self._rng.random() * 3)]
        line = Line("결제창 점검 주문", 1, amount)
        staff = Buyer("조은서", "staff@ieum.example", "010-1000-0000", "", "")
        order = Order(ordered_at=at, name=line.name, buyer=staff, lines=[line], in_books=False)
        attempt = self._attempt(order, at, "card")
        attempt.row |= {
            "status": "paid", "paid_at": at + 45, "sandbox": 1, "pg_id": TEST_SITE,
            "card_quota": 0,
        }  # fmt: skip
        if self._rng.random() < 0.6:
            attempt.cancels.append(Cancel(amount, min(at + 900, self._now), "결제창 점검"))
        order.attempts.append(attempt)
        return order

    def make_escrow(self, order: Order) -> None:
        """Turn a paid order into an escrow order paid by transfer."""
        row = order.last.row
        fresh = self._attempt(order, row["started_at"], "trans").row
        order.last.row = fresh | {"status": "paid", "paid_at": row["paid_at"], "escrow": 1}

    def _attempt(self, order: Order, at: int, method: str) -> Attempt:
        rng = self._rng
        buyer = order.buyer
        amount, tax_free = order.totals()
        is_mobile = rng.random() < _MOBILE
        row = _BLANK.copy()
        row |= method_fields(rng, method, amount, at)
        row["channel"] = "mobile" if is_mobile else "pc"
        row["name"] = order.name
        row["amount"] = amount
        if tax_free:
            row["tax_free"] = tax_free
            row["custom_data"] = f'{{"tax_free": {tax_free}}}'
        row["buyer_name"] = buyer.name
        row["buyer_email"] = buyer.email
        row["buyer_tel"] = buyer.tel
        row["buyer_addr"] = buyer.addr
        row["buyer_postcode"] = buyer.postcode
        row["started_at"] = at
        return Attempt(row=row)

    def _fail(self, order: Order, at: int, method: str, *, room: int) -> None:
        """A failed attempt, and often a second one that works."""
        rng = self._rng
        attempt = self._attempt(order, at, method)
        failed_at = at + 20 + int(rng.random() * 150)
        attempt.row.update(
            status="failed", failed_at=failed_at, fail_reason=failure(rng, method), apply_num=None
        )
        order.attempts.append(attempt)
        again_at = failed_at + 30 + int(rng.random() * 240)
        if room > 1 and rng.random() < _TRIES_AGAIN and again_at + 300 < self._now:
            self._pay(order, again_at, "card", is_escrow=False)

    def _pay(self, order: Order, at: int, method: str, *, is_escrow: bool) -> None:
        rng = self._rng
        attempt = self._attempt(order, at, method)
        row = attempt.row
        row["escrow"] = int(is_escrow)
        order.attempts.append(attempt)
        paid_at = at + 25 + int(rng.random() * 180)
        if method == "vbank":
            if rng.random() > _DEPOSITS:
                return
            span = row["vbank_date"] - row["vbank_issued_at"]
            paid_at = row["vbank_issued_at"] + 120 + int(rng.random() ** 3 * (span - 300))
            if paid_at > self._now:
                return
        row["status"] = "paid"
        row["paid_at"] = paid_at
        if method in ACCOUNT_METHODS:
            row["cash_receipt_issued"] = int(rng.random() < 0.7)
        self._give_back(order, attempt, method)
        if not attempt.cancels and rng.random() < _CANCELLED_AT_KCP:
            row["pg_cancelled"] = 1
        if is_escrow and not attempt.cancels:
            self._deliver(order, attempt)

    def _give_back(self, order: Order, attempt: Attempt, method: str) -> None:
        rng = self._rng
        chance = rng.random()
        amount, paid_at = attempt.row["amount"], attempt.row["paid_at"]
        if chance < _FULL_CANCEL:
            at = self._office_hour(paid_at)
            same_month = in_kst(at).month == in_kst(paid_at).month
            if at <= self._now and (method != "phone" or same_month):
                reason = _REASONS[int(rng.random() * len(_REASONS))]
                attempt.cancels.append(Cancel(amount, at, reason))
            return
        # Escrow, telephone and certificates go back whole or not at all.
        in_parts = not attempt.row["escrow"] and method != "phone" and method not in CERTIFICATES
        if in_parts and chance < _FULL_CANCEL + _PARTIAL_CANCEL:
            self._give_parts_back(order, attempt)

    def _give_parts_back(self, order: Order, attempt: Attempt) -> None:
        """One to three parts; the first is a line of the order when there are several."""
        rng = self._rng
        at = attempt.row["paid_at"]
        for number in range((1, 1, 1, 1, 1, 1, 1, 2, 2, 3)[int(rng.random() * 10)]):
            left = attempt.row["amount"] - attempt.cancelled
            goods = [line for line in order.lines if line.name != SHIPPING_LINE]
            part = int(left * (0.1 + rng.random() * 0.4)) // 100 * 100
            if number == 0 and len(goods) > 1:
                part = goods[-1].amount
            at = self._office_hour(at)
            if at > self._now or not 0 < part < left:
                return
            reason = _PART_REASONS[int(rng.random() * len(_PART_REASONS))]
            attempt.cancels.append(Cancel(part, at, reason))

    def _office_hour(self, after: int) -> int:
        """Within hours, or on a later day between nine and seven."""
        rng = self._rng
        if rng.random() < 0.4:
            return after + 600 + int(rng.random() * 10_000)
        days = 1 + int(rng.random() ** 2 * 11)
        midnight = (after + 9 * 3_600) // 86_400 * 86_400 - 9 * 3_600
        return midnight + days * 86_400 + 9 * 3_600 + int(rng.random() * 36_000)

    def _deliver(self, order: Order, attempt: Attempt) -> None:
        """Most parcels leave within two days; buyers confirm a week or so later."""
        rng = self._rng
        sent_at = attempt.row["paid_at"] + 14_400 + int(rng.random() * 150_000)
        applied_at = sent_at + 600
        if applied_at > self._now or rng.random() > 0.9:
            return
        order.delivery = {
            "company": _COURIERS[int(rng.random() * len(_COURIERS))],
            "invoice": f"{int(rng.random() * 10**12):012d}",
            "sent_at": sent_at,
            "applied_at": applied_at,
        }
        if applied_at + _CONFIRMS_AFTER < self._now:
            attempt.row["escrow_decision"] = "confirmed"
