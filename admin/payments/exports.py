"""The list of payments as a file: its columns, and what a query string asks of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import compress
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import sqlalchemy as sa
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from admin.columns.offered import (
    OfferedColumn,
    OfferedList,
    Question,
    RawColumn,
    Texts,
)
from admin.domain.clock import KST
from admin.domain.export import ExportSums
from admin.domain.payment import PaymentState, PaymentStatus, Standing
from admin.domain.permissions import Permission
from admin.domain.search.printing import show
from admin.models import Payment
from admin.payments.finding import Plan, page_order, plan, select_payments
from admin.payments.listing import basis_words, gathered, read_search
from admin.payments.rows import shown_method
from admin.payments.sums import select_totals
from admin.web.filters import DOT, mask_name, mask_phone
from admin.web.i18n import language
from admin.web.labels import LABELS

_METHOD = ("wallet", "pay_method", "card_name", "vbank_name", "bank_name", "card_quota")
_MASKED = DOT * 4
_MOBILE = re.compile(r"010-[0-9]{4}-[0-9]{4}")
_MASKED_MOBILE = f"010-{_MASKED}-"
_REMEMBERED = 65_536  # people and hours that come again within one file


def payments_list() -> OfferedList:
    """The list of payments as the exports know it."""
    return OfferedList(
        name="payments",
        permission=Permission.PAYMENTS_EXPORT,
        endpoint="payments.index",
        title=lambda: gettext("Payments"),
        columns=payment_columns,
        read=read_question,
        sum_needs=("status", "paid_at", "amount_minor", "cancelled_minor"),
        add_up=_add_up,
    )


def payment_columns(masked: bool, now: datetime) -> list[OfferedColumn]:
    """Headings in the reader's language, times in Korean time, people masked unless they may."""
    name = _each(mask_name) if masked else _as_they_are
    phone = mask_phones if masked else _as_they_are
    email = mask_emails if masked else _as_they_are
    person: dict[str, Any] = {"is_personal": True}
    rare: dict[str, Any] = {"is_usual": False}
    return [
        _text("merchant_uid", gettext("Order no.")),
        _text("imp_uid", gettext("Payment id")),
        OfferedColumn(
            name="state",
            heading=gettext("Status"),
            needs=("standing", "vbank_due_at"),
            values=_states(now),
            is_plain=True,
        ),
        _text("order_name", gettext("Order")),
        _text("buyer_name", gettext("Buyer"), values=name, **person),
        _text("buyer_tel", gettext("Phone"), values=phone, **person),
        _text("buyer_email", gettext("Email"), values=email, **person),
        OfferedColumn(name="method", heading=gettext("Method"), needs=_METHOD, values=_methods()),
        _text("apply_num", gettext("Approval no.")),
        _number("amount_minor", gettext("Amount")),
        _number("cancelled_minor", gettext("Cancelled")),
        OfferedColumn(
            name="left",
            heading=gettext("Left"),
            needs=("amount_minor", "cancelled_minor"),
            values=lambda amounts, cancelled: [
                one - gone for one, gone in zip(amounts, cancelled, strict=True)
            ],
            is_number=True,
        ),
        _text("currency", gettext("Currency")),
        _text("escrow", gettext("Escrow"), values=_ticks, is_plain=True),
        _text("sandbox", gettext("Test"), values=_ticks, is_plain=True),
        _moment("started_at", gettext("Requested")),
        _moment("paid_at", gettext("Approved")),
        _moment("cancelled_at", gettext("Cancelled at")),
        _text("cancel_reason", gettext("Cancel reason")),
        _text("fail_reason", gettext("Failure")),
        _moment("failed_at", gettext("Failed at"), **rare),
        _moment("vbank_due_at", gettext("Deposit due"), **rare),
        _text("pg_tid", gettext("KCP transaction no."), **rare),
        _text("pg_id", gettext("KCP site code"), **rare),
        _text("card_name", gettext("Card"), **rare),
        _number("card_quota", gettext("Instalments"), **rare),
        _text("customer_uid", gettext("Billing key"), **rare),
    ]


def read_question(query: str, now: datetime) -> Question:
    """What the list shows under this query string.

    The list leaves out what it cannot read; a file that holds more than was asked for must not
    leave the house, so here the same is a problem.
    """
    asked = MultiDict(parse_qsl(query, keep_blank_values=True))
    if (text := gathered(asked)) is not None:
        asked["q"] = text
    search = read_search(asked, now=now)
    wanted, parsed = search.filter, search.form.parsed
    words = [(gettext("Period"), f"{basis_words()[wanted.basis]} · {search.period.shown()}")]
    if wanted.tab is not None:
        words.append((gettext("Status"), str(LABELS[wanted.tab])))
    if wanted.query.terms:
        words.append((gettext("Search"), show(wanted.query, language())))
    errors = [str(error) for errors in search.form.errors.values() for error in errors]
    errors += [str(LABELS[one.kind]) % one.args for one in parsed.problems]
    drawn = plan(wanted, now=now)
    return Question(
        words=tuple(words),
        sums=select_totals(drawn),
        rows=lambda names: _rows(drawn, names, ascending=search.ascending),
        problem=" ".join(errors),
    )


def _rows(drawn: Plan, names: Sequence[str], *, ascending: bool) -> sa.Select[Any]:
    """The raw columns in the list's order: what the driver holds, without work per cell."""
    raw = [
        sa.type_coerce(getattr(Payment, name), sa.types.NullType()).label(name) for name in names
    ]
    order = [column.asc() if ascending else column.desc() for column in page_order(drawn)]
    chosen: Any = select_payments(drawn).with_only_columns(*raw)
    rows: sa.Select[Any] = chosen.order_by(*order)
    return rows


def _add_up(
    statuses: RawColumn, paid_at: RawColumn, amounts: RawColumn, cancelled: RawColumn
) -> ExportSums:
    """As `queries` sums in SQL: what brought no money is counted and adds nothing."""
    paid = PaymentStatus.PAID.value
    came = [
        moment is not None or status == paid
        for moment, status in zip(paid_at, statuses, strict=True)
    ]
    return ExportSums(
        count=len(amounts),
        gross=sum(compress(amounts, came)),
        cancelled=sum(compress(cancelled, came)),
    )


def _text(
    name: str, heading: str, *, values: Callable[[RawColumn], Texts] | None = None, **flags: bool
) -> OfferedColumn:
    read = values or _as_they_are
    return OfferedColumn(name=name, heading=heading, needs=(name,), values=read, **flags)


def _number(name: str, heading: str, **flags: bool) -> OfferedColumn:
    return OfferedColumn(
        name=name, heading=heading, needs=(name,), values=list, is_number=True, **flags
    )


def _moment(name: str, heading: str, **flags: bool) -> OfferedColumn:
    heading = f"{heading} (KST +09:00)"
    values = _kst_texts()
    return OfferedColumn(
        name=name, heading=heading, needs=(name,), values=values, is_plain=True, **flags
    )


class _Known(dict[Any, str]):
    """Texts that were made once: the same buyers, methods and hours come again and again."""

    def __init__(self, make: Callable[[Any], str]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: Any) -> str:
        if len(self) >= _REMEMBERED:
            self.clear()
        text = self[key] = self._make(key) if key else ""
        return text


def _each(shown: Callable[[str], str]) -> Callable[[RawColumn], Texts]:
    known = _Known(shown)
    return lambda cells: [known[cell] for cell in cells]


def _as_they_are(cells: RawColumn) -> Texts:
    return [cell or "" for cell in cells]


def mask_phones(cells: RawColumn) -> Texts:
    """As `mask_phone`, of many at once: nearly all are written in the same way."""
    usual = _MOBILE.fullmatch
    return [
        f"{_MASKED_MOBILE}{cell[9:]}" if cell and usual(cell) else mask_phone(cell) if cell else ""
        for cell in cells
    ]


def mask_emails(cells: RawColumn) -> Texts:
    """As `mask_email`, of many at once."""
    return [
        f"{name[:2] if len(name) > 2 else name[:1]}{_MASKED}{at}{domain}" if name or at else ""
        for name, at, domain in [(cell or "").partition("@") for cell in cells]
    ]


def _ticks(cells: RawColumn) -> Texts:
    return ["Y" if cell else "" for cell in cells]


def _states(now: datetime) -> Callable[[RawColumn, RawColumn], Texts]:
    words = {
        standing.value: str(LABELS[PaymentState(standing.value)])
        for standing in Standing
        if standing is not Standing.WAITING
    }
    awaited, overdue = str(LABELS[PaymentState.AWAITING]), str(LABELS[PaymentState.EXPIRED])
    as_text = now.replace(tzinfo=None).isoformat(" ", "microseconds")  # as SQLite keeps a moment

    def is_late(due: Any) -> bool:
        return due is not None and due < (as_text if isinstance(due, str) else now)

    def states(standings: RawColumn, dues: RawColumn) -> Texts:
        return [
            words.get(standing) or (overdue if is_late(due) else awaited)
            for standing, due in zip(standings, dues, strict=True)
        ]

    return states


def _methods() -> Callable[..., Texts]:
    known = _Known(
        lambda values: shown_method(SimpleNamespace(**dict(zip(_METHOD, values, strict=True))))
    )
    return lambda *columns: [known[values] for values in zip(*columns, strict=True)]


def _kst_texts() -> Callable[[RawColumn], Texts]:
    """`2026-11-23 14:08:00` in Korean time. An hour is converted once: minutes stay as they are."""

    def korean_hour(hour: str) -> str:
        moment = datetime.fromisoformat(f"{hour}:00:00+00:00").astimezone(KST)
        return f"{moment:%Y-%m-%d %H}"

    hours = _Known(korean_hour)

    def texts(cells: RawColumn) -> Texts:
        first = next((cell for cell in cells if cell), None)
        if isinstance(first, datetime):
            shown = [cell and cell.astimezone(KST).isoformat(" ", "seconds") for cell in cells]
            return [text[:19] if text else "" for text in shown]
        # SQLite keeps a moment as text, in UTC without its name.
        return [hours[cell[:13]] + cell[13:19] if cell else "" for cell in cells]

    return texts
