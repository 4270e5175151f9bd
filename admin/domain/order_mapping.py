"""How a file of orders is read: which of its columns is which field, and what its words mean.

Shops write a time without an offset, an amount with its won, a status in Korean. That is turned
into the way the one rule (`order_input`) reads; whether it is right is judged there alone.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from admin.domain.card_guard import hide_card_numbers
from admin.domain.clock import KST
from admin.domain.errors import N_, InvalidInput
from admin.domain.order_input import REQUIRED, OrderField
from admin.domain.reconciliation.records import BookedStatus

MOST_WORDS = 40  # different status words of one file
LONGEST_HEADING = 120
LONGEST_CELL = 2_000

# What a heading may be called; without blanks, signs and capitals.
_NAMES: dict[OrderField, tuple[str, ...]] = {
    OrderField.ORDER_NUMBER: ("ordernumber", "orderno", "orderid", "merchantuid", "주문번호"),
    OrderField.ORDERED_AT: (
        "orderedat",
        "orderdate",
        "주문일시",
        "주문일",
        "주문시각",
        "주문날짜",
        "주문일자",
    ),
    OrderField.ORDER_NAME: ("ordername", "주문명", "주문상품명", "주문상품"),
    OrderField.BUYER_NAME: (
        "buyername",
        "buyer",
        "customername",
        "주문자",
        "주문자명",
        "구매자",
        "구매자명",
        "주문자이름",
        "구매자이름",
        "고객명",
    ),
    OrderField.BUYER_EMAIL: ("buyeremail", "email", "이메일", "주문자이메일", "구매자이메일"),
    OrderField.BUYER_TEL: (
        "buyertel",
        "phone",
        "tel",
        "buyerphone",
        "연락처",
        "전화번호",
        "휴대폰",
        "휴대전화",
        "주문자연락처",
        "구매자연락처",
        "주문자휴대폰",
        "주문자전화번호",
    ),
    OrderField.CURRENCY: ("currency", "통화"),
    OrderField.PAY_METHOD: ("paymethod", "paymentmethod", "결제수단", "결제방법", "결제방식"),
    OrderField.STATUS: ("believedstatus", "status", "orderstatus", "주문상태", "상태", "결제상태"),
    OrderField.AMOUNT: (
        "believedamount",
        "amount",
        "total",
        "totalamount",
        "결제금액",
        "주문금액",
        "총결제금액",
        "총주문금액",
        "총금액",
        "실결제금액",
    ),
    OrderField.CANCELLED: (
        "believedcancelled",
        "refunded",
        "cancelledamount",
        "취소금액",
        "환불금액",
        "환불액",
        "취소액",
    ),
    OrderField.PAID_AT: ("paidat", "paymentdate", "결제일시", "결제일", "결제시각", "입금일시"),
    OrderField.IMP_UID: ("impuid", "결제번호", "포트원결제번호", "아임포트번호"),
    OrderField.ESCROW: ("escrow", "에스크로", "에스크로여부"),
    OrderField.ITEM_NUMBER: (
        "itemordernumber",
        "itemnumber",
        "itemno",
        "상품주문번호",
        "품목번호",
        "품목별주문번호",
    ),
    OrderField.ITEM_NAME: ("itemname", "productname", "product", "item", "상품명", "품목명"),
    OrderField.ITEM_QUANTITY: ("itemquantity", "quantity", "qty", "수량", "주문수량"),
    OrderField.ITEM_AMOUNT: (
        "itemamount",
        "itemtotal",
        "상품금액",
        "품목금액",
        "상품결제금액",
        "상품별금액",
        "상품별총주문금액",
    ),
}
_WORDS: dict[BookedStatus, tuple[str, ...]] = {
    BookedStatus.READY: (
        "ready",
        "pending",
        "unpaid",
        "결제대기",
        "입금대기",
        "미결제",
        "입금전",
        "주문접수",
    ),
    BookedStatus.PAID: (
        "paid",
        "completed",
        "shipped",
        "delivered",
        "결제완료",
        "입금완료",
        "상품준비중",
        "배송준비중",
        "배송중",
        "배송완료",
        "구매확정",
        "부분취소",
        "부분환불",
    ),
    BookedStatus.FAILED: ("failed", "결제실패", "실패", "결제오류"),
    BookedStatus.CANCELLED: (
        "cancelled",
        "canceled",
        "refunded",
        "취소",
        "주문취소",
        "취소완료",
        "결제취소",
        "환불",
        "환불완료",
        "전체취소",
        "반품완료",
    ),
}
_YES = frozenset({"y", "yes", "true", "1", "o", "예", "네", "사용", "적용", "에스크로"})
_NO = frozenset({"n", "no", "false", "0", "x", "아니오", "아니요", "미사용", "미적용", "일반", "-"})
_MOMENTS = frozenset({OrderField.ORDERED_AT, OrderField.PAID_AT})
_WHOLES = frozenset(
    {
        OrderField.AMOUNT,
        OrderField.CANCELLED,
        OrderField.ITEM_QUANTITY,
        OrderField.ITEM_AMOUNT,
    }
)
_SEPARATED = re.compile(r"\d{1,3}(?:,\d{3})+")
_ZEROS = re.compile(r"(\d+)\.0+")
_DAY = re.compile(
    r"(\d{4})[-./]\s?(\d{1,2})[-./]\s?(\d{1,2})\.?"
    r"(?:[T\s]\s*(오전|오후|AM|PM)?\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(AM|PM)?)?",
    re.IGNORECASE,
)
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")  # days since the end of 1899, as a spreadsheet has them
_EPOCH = datetime(1899, 12, 30, tzinfo=KST)


class NotMatched(InvalidInput):
    """A field that must be there has no column."""

    message = N_("Choose a column for this.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderColumns:
    """Which heading holds which field, and which of our words each status word means."""

    columns: Mapping[str, str]
    words: Mapping[str, str]

    def check(self, headings: Sequence[str]) -> None:
        """Raise NotMatched, with the field, when the file cannot be read like that."""
        for field, heading in self.columns.items():
            if heading not in headings:
                raise NotMatched(field=field)
        for wanted in REQUIRED:
            if wanted.value not in self.columns:
                raise NotMatched(field=wanted.value)
        has_items = OrderField.ITEM_NAME.value in self.columns
        if not has_items and OrderField.ORDER_NAME.value not in self.columns:
            raise NotMatched(field=OrderField.ORDER_NAME.value)
        for wanted in (OrderField.ITEM_QUANTITY, OrderField.ITEM_AMOUNT):
            if has_items and wanted.value not in self.columns:
                raise NotMatched(field=wanted.value)

    def places(self, headings: Sequence[str]) -> dict[OrderField, int]:
        """Where each field stands in a row."""
        return {OrderField(field): headings.index(name) for field, name in self.columns.items()}

    def read(self, cells: Sequence[str], places: Mapping[OrderField, int]) -> dict[str, str]:
        """One row as the rule reads it."""
        row = {field.value: _plain(field, cells[place]) for field, place in places.items()}
        status = row.get(OrderField.STATUS.value, "")
        if status:
            row[OrderField.STATUS.value] = self.words.get(status, status)
        return row


def unique_headings(row: Sequence[str]) -> list[str]:
    """Headings that name one column each: a blank one by its place, a second one by a number."""
    made: list[str] = []
    for place, cell in enumerate(row, start=1):
        name = " ".join(cell.split())[:LONGEST_HEADING] or f"({place})"
        while name in made:
            name = f"{name} ({place})"
        made.append(name)
    return made


def headings_hash(headings: Iterable[str]) -> str:
    """The same for the same headings in whatever order they stand."""
    return hashlib.sha256(json.dumps(sorted(headings)).encode()).hexdigest()


def clean_cell(cell: str) -> str:
    """A cell as it may be kept: without a card number, or what a database cannot hold."""
    text = cell.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
    return hide_card_numbers(text[: LONGEST_CELL + 1]).strip()


def guess_columns(headings: Sequence[str]) -> dict[str, str]:
    """Which heading is probably which field; one heading is guessed for one field."""
    plain = {_bare(heading): heading for heading in reversed(headings)}
    guessed: dict[str, str] = {}
    for field, names in _NAMES.items():
        found = next((plain[name] for name in names if name in plain), None)
        if found is not None and found not in guessed.values():
            guessed[field.value] = found
    return guessed


def guess_word(word: str) -> BookedStatus | None:
    """What a status word probably means."""
    bare = _bare(word)
    return next((status for status, words in _WORDS.items() if bare in words), None)


def _bare(text: str) -> str:
    flat = unicodedata.normalize("NFKC", text).lower()
    flat = re.sub(r"\([^)]*\)", "", flat) or flat  # "결제금액(원)"
    return "".join(one for one in flat if one.isalnum())


def _plain(field: OrderField, cell: str) -> str:
    text = cell.strip()
    if field in _WHOLES:
        return _whole(text)
    if field in _MOMENTS:
        return _moment(text)
    if field is OrderField.ESCROW:
        return _flag(text)
    if field is OrderField.CURRENCY:
        return {"원": "KRW", "₩": "KRW"}.get(text, text.upper())
    return text


def _whole(text: str) -> str:
    """`128,000원`, `₩128,000` and a spreadsheet's `128000.0` are 128000; nothing is rounded."""
    bare = text.removeprefix("₩").removesuffix("원").removesuffix("개").strip()
    if _SEPARATED.fullmatch(bare):
        return bare.replace(",", "")
    if bare == "-":
        return ""
    whole = _ZEROS.fullmatch(bare)
    return whole[1] if whole else bare or text


def _moment(text: str) -> str:
    """A time as a shop writes it is Korean time; a spreadsheet's day number is one, too."""
    try:
        if _SERIAL.fullmatch(text):
            seconds = round(Decimal(text) * 86_400)
            return (_EPOCH + timedelta(seconds=seconds)).isoformat()
        if found := _DAY.fullmatch(text):
            year, month, day, before, hour, minute, second, after = found.groups()
            half = (before or after or "").upper()
            hours = int(hour or 0)
            if half:
                hours = hours % 12 + (12 if half in ("오후", "PM") else 0)
            parts = (int(year), int(month), int(day), hours, int(minute or 0), int(second or 0))
            return datetime(*parts, tzinfo=KST).isoformat()
    except ValueError:
        pass
    return text


def _flag(text: str) -> str:
    word = text.lower()
    if word in _YES:
        return "true"
    return "false" if word in _NO else text
