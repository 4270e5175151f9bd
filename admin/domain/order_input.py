"""The one rule for an order that the shop brings, whether by file, by page or by program.

Rows of a file hold texts; a program sends typed values. Both become an `OrderInput` here or are
refused with a reason for each field. A bad row refuses its whole order and no other.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import TypeVar

from admin.domain.card_guard import holds_card_number
from admin.domain.errors import N_
from admin.domain.money import LARGEST_MINOR, Currency
from admin.domain.reconciliation.records import BookedStatus

MOST_ITEMS = 200  # of one order
MOST_QUANTITY = 1_000_000
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_UNPRINTED = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # control characters, half ones
SHOWN = 40  # characters of a wrong value that a reason repeats


class OrderField(Enum):
    """A field of an order, or of one of its items, by the name it has in files and programs."""

    ORDER_NUMBER = "order_number"
    ORDERED_AT = "ordered_at"
    ORDER_NAME = "order_name"
    BUYER_NAME = "buyer_name"
    BUYER_EMAIL = "buyer_email"
    BUYER_TEL = "buyer_tel"
    CURRENCY = "currency"
    PAY_METHOD = "pay_method"
    STATUS = "believed_status"
    AMOUNT = "believed_amount"
    CANCELLED = "believed_cancelled"
    PAID_AT = "paid_at"
    IMP_UID = "imp_uid"
    ESCROW = "escrow"
    ITEM_NUMBER = "item_order_number"
    ITEM_NAME = "item_name"
    ITEM_QUANTITY = "item_quantity"
    ITEM_AMOUNT = "item_amount"


ITEM_FIELDS = (
    OrderField.ITEM_NUMBER,
    OrderField.ITEM_NAME,
    OrderField.ITEM_QUANTITY,
    OrderField.ITEM_AMOUNT,
)
ORDER_FIELDS = tuple(one for one in OrderField if one not in ITEM_FIELDS)
REQUIRED = (
    OrderField.ORDER_NUMBER,
    OrderField.ORDERED_AT,
    OrderField.STATUS,
    OrderField.AMOUNT,
)
PERSONAL = (OrderField.BUYER_NAME, OrderField.BUYER_EMAIL, OrderField.BUYER_TEL)
_ORDER_NAMES = frozenset(one.value for one in ORDER_FIELDS)
_ITEM_NAMES = frozenset(one.value for one in ITEM_FIELDS)

MISSING = N_("Fill this in.")
TOO_LONG = N_("At most %(most)s characters.")
NOT_TEXT = N_("This must be a text.")
NOT_WHOLE = N_("Give a whole number from %(least)s without separators, not %(value)s.")
TOO_MUCH = N_("At most %(most)s.")
NOT_MOMENT = N_("Give a time with its offset, as 2026-11-23T14:08:00+09:00, not %(value)s.")
NOT_FLAG = N_("Give true or false, not %(value)s.")
NOT_ONE_OF = N_("%(value)s is not one of %(choices)s.")
NOT_PLAIN = N_("It holds a character that cannot be kept.")
CARD = N_("It holds a card number; it was neither kept nor read further.")
OVER_CANCELLED = N_("More was given back than the order was worth.")
DISAGREES = N_("The lines of this order do not agree here.")
UNKNOWN_FIELD = N_("There is no such field.")
MANY_ITEMS = N_("An order has at most %(most)s items.")
NO_OBJECT = N_("This must be an object.")
NO_LIST = N_("This must be a list.")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a field cannot be taken: a message id with its values. `item`: which item, from 0."""

    field: str
    message: str
    values: Mapping[str, str | int] = dataclasses.field(default_factory=dict)
    item: int | None = None

    @property
    def place(self) -> str:
        """Where it stands, as a program names it: `items[1].item_quantity`."""
        return self.field if self.item is None else f"items[{self.item}].{self.field}"

    def __str__(self) -> str:
        return f"{self.place}: {self.message % self.values if self.values else self.message}"


class OrderRefused(ValueError):
    """An order that cannot be taken, with every reason that was found."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("; ".join(str(reason) for reason in reasons))


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ItemInput:
    """One line of an order. `amount_minor` is of the whole line."""

    item_order_number: str
    name: str
    quantity: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderInput:
    """One order as the shop believes it. Amounts are in minor units of the currency.

    `brings`: the fields that were given at all, None for all of them. What a file has no column
    for stays as it is in an order that is known.
    """

    order_number: str
    ordered_at: datetime
    order_name: str
    buyer_name: str | None
    buyer_email: str | None
    buyer_tel: str | None
    currency: Currency
    pay_method: str | None
    status: BookedStatus
    amount_minor: int
    cancelled_minor: int
    paid_at: datetime | None
    imp_uid: str | None
    escrow: bool
    items: tuple[ItemInput, ...]
    brings: frozenset[OrderField] | None = None

    def has(self, field: OrderField) -> bool:
        """Whether the order says anything of this field, be it that it is empty."""
        return self.brings is None or field in self.brings


@dataclass(slots=True)
class OrderDraft:
    """The rows of one order, wherever they stood. `lines[n]` is where item n was read."""

    fields: dict[str, str]
    lines: list[int]
    items: list[dict[str, str]] = dataclasses.field(default_factory=list)
    item_lines: list[int] = dataclasses.field(default_factory=list)
    disagreeing: dict[str, int] = dataclasses.field(
        default_factory=dict
    )  # field to the line that differs

    def read(self) -> OrderInput:
        """The order. Raises OrderRefused."""
        reasons = [Reason(name, DISAGREES) for name in self.disagreeing]
        try:
            order = read_order(self.fields, self.items)
        except OrderRefused as refused:
            raise OrderRefused([*refused.reasons, *reasons]) from None
        if reasons:
            raise OrderRefused(reasons)
        return order

    def line_of(self, reason: Reason) -> int:
        """Which line of the file a reason speaks of."""
        if reason.item is not None:
            return self.item_lines[reason.item]
        return self.disagreeing.get(reason.field, self.lines[0])


def gather_rows(rows: Iterable[tuple[int, Mapping[str, str]]]) -> list[OrderDraft]:
    """Bring the rows of each order together: (line, fields). Their order does not matter.

    A row without an order number stands alone; it is refused.
    """
    drafts: dict[object, OrderDraft] = {}
    for line, row in rows:
        number = row.get(OrderField.ORDER_NUMBER.value, "")
        common = {name: row.get(name, "") for name in _ORDER_NAMES}
        draft = drafts.setdefault(number or line, OrderDraft(common, []))
        draft.lines.append(line)
        for name, value in common.items():
            if draft.fields[name] != value:
                draft.disagreeing.setdefault(name, line)
        if row.get(OrderField.ITEM_NAME.value):
            draft.items.append({name: row.get(name, "") for name in _ITEM_NAMES})
            draft.item_lines.append(line)
    return list(drafts.values())


def read_order(
    fields: Mapping[str, object],
    items: Sequence[Mapping[str, object]] = (),
    *,
    typed: bool = False,
) -> OrderInput:
    """Judge one order. `typed`: numbers and flags come as such, as a program sends them.

    Raises OrderRefused with every reason; one that holds a card number with that reason alone.
    """
    if cards := list(_cards(fields, items)):
        raise OrderRefused(cards)
    reasons: list[Reason] = []
    one = _Reader(fields, reasons, typed=typed)
    one.known(_ORDER_NAMES)
    number = one.text(OrderField.ORDER_NUMBER, 80, is_required=True)
    ordered_at = one.moment(OrderField.ORDERED_AT, is_required=True)
    status = one.choice(OrderField.STATUS, BookedStatus)
    currency = one.choice(OrderField.CURRENCY, Currency, Currency.KRW)
    amount = one.whole(OrderField.AMOUNT)
    cancelled = one.whole(OrderField.CANCELLED, default=0)
    if cancelled > amount and not reasons:
        reasons.append(Reason(OrderField.CANCELLED.value, OVER_CANCELLED))
    if len(items) > MOST_ITEMS:
        reasons.append(Reason("items", MANY_ITEMS, {"most": MOST_ITEMS}))
    taken = _items(items[:MOST_ITEMS], number, reasons, typed=typed)
    name = one.text(OrderField.ORDER_NAME, 255, is_required=not taken)
    buyer_name, email, tel = (
        one.text(place, most) or None for place, most in zip(PERSONAL, (80, 255, 40), strict=True)
    )
    pay_method = one.text(OrderField.PAY_METHOD, 40) or None
    imp_uid = one.text(OrderField.IMP_UID, 32) or None
    paid_at, escrow = one.moment(OrderField.PAID_AT), one.flag(OrderField.ESCROW)
    if reasons or ordered_at is None:
        raise OrderRefused(reasons)
    return OrderInput(
        order_number=number,
        ordered_at=ordered_at,
        order_name=name or min(taken).name,
        buyer_name=buyer_name,
        buyer_email=email,
        buyer_tel=tel,
        currency=currency,
        pay_method=pay_method,
        status=status,
        amount_minor=amount,
        cancelled_minor=cancelled,
        paid_at=paid_at,
        imp_uid=imp_uid,
        escrow=escrow,
        items=tuple(taken),
    )


def _items(
    items: Sequence[Mapping[str, object]], number: str, reasons: list[Reason], *, typed: bool
) -> list[ItemInput]:
    taken = []
    for place, values in enumerate(items):
        one = _Reader(values, reasons, typed=typed, item=place)
        one.known(_ITEM_NAMES)
        taken.append(
            ItemInput(
                item_order_number=one.text(OrderField.ITEM_NUMBER, 80) or number,
                name=one.text(OrderField.ITEM_NAME, 255, is_required=True),
                quantity=one.whole(OrderField.ITEM_QUANTITY, least=1, most=MOST_QUANTITY),
                amount_minor=one.whole(OrderField.ITEM_AMOUNT),
            )
        )
    return taken


def _cards(fields: Mapping[str, object], items: Sequence[Mapping[str, object]]) -> Iterator[Reason]:
    for item, values in [(None, fields), *enumerate(items)]:
        whole = "\n".join(f"{name}\n{value}" for name, value in values.items())
        if not holds_card_number(whole):
            continue
        for name, value in values.items():
            if holds_card_number(name):
                yield Reason("", CARD, item=item)
            elif holds_card_number(str(value)):
                yield Reason(name, CARD, item=item)


Choice = TypeVar("Choice", bound=Enum)


@dataclass(slots=True)
class _Reader:
    """The fields of one thing; what is wrong is gathered, and a harmless value given instead."""

    values: Mapping[str, object]
    reasons: list[Reason]
    typed: bool
    item: int | None = None

    def known(self, names: frozenset[str]) -> None:
        for name in self.values:
            if name not in names:
                self._refuse(name[:SHOWN], UNKNOWN_FIELD)

    def text(self, name: OrderField, most: int, *, is_required: bool = False) -> str:
        value = self.values.get(name.value)
        if value is None or value == "":
            if is_required:
                self._refuse(name.value, MISSING)
            return ""
        if not isinstance(value, str):
            self._refuse(name.value, NOT_TEXT)
            return ""
        text = value.strip()
        if is_required and not text:
            self._refuse(name.value, MISSING)
        if len(text) > most:
            self._refuse(name.value, TOO_LONG, most=most)
        if _UNPRINTED.search(text):
            self._refuse(name.value, NOT_PLAIN)
        return text

    def whole(
        self,
        name: OrderField,
        *,
        least: int = 0,
        most: int = LARGEST_MINOR,
        default: int | None = None,
    ) -> int:
        value = self.values.get(name.value)
        if value is None or value == "":
            if default is None:
                self._refuse(name.value, MISSING)
            return default or 0
        number = self._number(value)
        if number is None or number < least:
            self._refuse(name.value, NOT_WHOLE, least=least, value=_shown(value))
            return 0
        if number > most:
            self._refuse(name.value, TOO_MUCH, most=most)
        return number

    def _number(self, value: object) -> int | None:
        if self.typed:
            return value if type(value) is int else None
        text = str(value)
        if text.isascii() and text.isdecimal() and len(text) <= SHOWN:
            return int(text)
        return None

    def moment(self, name: OrderField, *, is_required: bool = False) -> datetime | None:
        value = self.values.get(name.value)
        if value is None or value == "":
            if is_required:
                self._refuse(name.value, MISSING)
            return None
        try:
            found = datetime.fromisoformat(value) if isinstance(value, str) else None
            if found is not None and found.tzinfo is not None and FIRST <= found < LAST:
                return found
        except (ValueError, OverflowError):
            pass
        self._refuse(name.value, NOT_MOMENT, value=_shown(value))
        return None

    def choice(self, name: OrderField, kind: type[Choice], default: Choice | None = None) -> Choice:
        value = self.values.get(name.value)
        first = next(iter(kind))
        if value is None or value == "":
            if default is None:
                self._refuse(name.value, MISSING)
            return default or first
        try:
            return kind(value)
        except ValueError:
            choices = ", ".join(one.value for one in kind)
            self._refuse(name.value, NOT_ONE_OF, value=_shown(value), choices=choices)
            return first

    def flag(self, name: OrderField) -> bool:
        value = self.values.get(name.value)
        if value is None or value == "":
            return False
        if isinstance(value, bool):
            return value
        if not self.typed and str(value).lower() in ("true", "false", "1", "0"):
            return str(value).lower() in ("true", "1")
        self._refuse(name.value, NOT_FLAG, value=_shown(value))
        return False

    def _refuse(self, name: str, message: str, **values: str | int) -> None:
        self.reasons.append(Reason(name, message, values, self.item))


def _shown(value: object) -> str:
    """A wrong value as a reason repeats it: short, on one line."""
    text = value if isinstance(value, str) else type(value).__name__
    return "".join(one if one.isprintable() else " " for one in text[:SHOWN])
