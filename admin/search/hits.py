"""What was found everywhere, as ready texts in groups, for the page and for the open box."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from flask import url_for
from flask_babel import gettext, ngettext

from admin.domain.operation import OperationKind
from admin.domain.permissions import Permission
from admin.domain.search.hangul import initials, is_initials
from admin.domain.search.printing import show
from admin.domain.search.query import Field
from admin.domain.search.words import FIELDS
from admin.models import Payment
from admin.operations.queries import uncertain_payments
from admin.payments.queries import get_payment
from admin.payments.rows import shown_method
from admin.search.pages import pages_found
from admin.search.queries import (
    Kind,
    customers_found,
    differences_of,
    discrepancies_found,
    find_number,
    inquiries_found,
    operations_found,
    orders_found,
    payments_found,
    runs_found,
)
from admin.search.reading import Asked
from admin.web.access import can
from admin.web.filters import NOTHING, counted, kst, kst_day, mask_phone, money
from admin.web.i18n import language
from admin.web.labels import LABELS, OUTCOME_UNKNOWN, Label

MOST = 5  # of a kind, before one asks for all of them
MOST_OF_ONE = 50  # where only one kind is shown
PERMISSIONS = {
    Kind.PAYMENT: Permission.PAYMENTS_READ,
    Kind.OPERATION: Permission.OPERATIONS_READ,
    Kind.CUSTOMER: Permission.CUSTOMERS_READ,
    Kind.INQUIRY: Permission.INQUIRIES_READ,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A badge."""

    text: str
    classes: str
    glyph: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One thing that was found. `title` in pieces: (text, whether it was looked for)."""

    href: str
    icon: str
    title: tuple[tuple[str, bool], ...]
    detail: str = ""
    state: State | None = None
    end: str = ""
    end_is_red: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The hits of one kind, and where all of them stand."""

    name: str
    label: str
    hits: tuple[Hit, ...]
    count: str = ""
    all_href: str = ""
    all_label: str = ""
    all_detail: str = ""


def find_hits(asked: Asked, *, now: datetime, only: str = "") -> list[Group]:
    """Everything the reader may see, in groups that are not empty. `only`: one kind, and more."""
    if not asked.text:
        return []
    most = MOST_OF_ONE if only else MOST
    groups = (
        make(asked, most=most, now=now)
        for name, (permission, make) in _GROUPS.items()
        if can(permission.value) and only in ("", name)
    )
    return [group for group in groups if group is not None]


def place_of(text: str) -> str:
    """The address of the one thing that `text` is a whole number of, or nothing."""
    found = _number(text)
    return _address(*found) if found else ""


def make_answer(groups: Sequence[Group]) -> dict[str, Any]:
    """The groups for the open box; `said` is what a screen reader hears."""
    number = sum(len(group.hits) for group in groups)
    return {
        "groups": [asdict(group) for group in groups],
        "said": gettext("%(num)s found", num=number),
    }


def marked(text: str, words: Iterable[str]) -> tuple[tuple[str, bool], ...]:
    """`text` in pieces, with those that were looked for marked."""
    plain = text.lower()
    spelled = initials(plain)
    if not text or len(plain) != len(text) or len(spelled) != len(text):
        return ((text, False),)
    flags = [False] * len(text)
    for word in words:
        wanted = word.lower()
        hay = spelled if is_initials(wanted) else plain
        wanted = initials(wanted) if is_initials(wanted) else wanted
        at = hay.find(wanted) if wanted else -1
        while at >= 0:
            flags[at : at + len(wanted)] = [True] * len(wanted)
            at = hay.find(wanted, at + len(wanted))
    runs = groupby(zip(text, flags, strict=True), key=lambda pair: pair[1])
    return tuple(("".join(letter for letter, _ in run), hit) for hit, run in runs)


def payment_hit(
    payment: Payment, *, words: Sequence[str], uncertain: frozenset[str], now: datetime
) -> Hit:
    """One payment as a line."""
    unknown = payment.imp_uid in uncertain
    names = [payment.buyer_name, payment.order_name or payment.merchant_uid]
    return Hit(
        href=url_for("payments.show", payment_id=payment.id),
        icon="credit-card",
        title=marked(" ".join(filter(None, names)), words),
        detail=f"{kst(payment.started_at)} · {shown_method(payment)}",
        state=_state(OUTCOME_UNKNOWN if unknown else LABELS[payment.state(now)]),
        end=money(payment.amount),
    )


def _exact(asked: Asked, *, most: int, now: datetime) -> Group | None:
    found = _number(asked.text)
    if found is None:
        return None
    kind, key = found
    hit = Hit(href=_address(kind, key), icon=_ICONS[kind], title=((asked.text, True),))
    payment = get_payment(int(key)) if kind is Kind.PAYMENT else None
    if payment is not None:
        uncertain = uncertain_payments([payment.imp_uid])
        hit = payment_hit(payment, words=[asked.text], uncertain=uncertain, now=now)
    return Group(name="exact", label=gettext("Exactly this number"), hits=(hit,))


def _number(text: str) -> tuple[Kind, int | str] | None:
    """What the text is a whole number of, among what the reader may open."""
    allowed = frozenset(kind for kind, needed in PERMISSIONS.items() if can(needed.value))
    return find_number(text, kinds=allowed)


def _pages(asked: Asked, *, most: int, now: datetime) -> Group | None:
    hits = tuple(
        Hit(href=href, icon=icon or "arrow-right", title=marked(name, [asked.text]))
        for name, href, icon in pages_found(asked.text, most=most)
    )
    return Group(name="pages", label=gettext("Go to"), hits=hits) if hits else None


def _payments(asked: Asked, *, most: int, now: datetime) -> Group | None:
    rows, query = payments_found(asked, now=now, most=most + 1)
    uncertain = uncertain_payments([one.imp_uid for one in rows])
    words = [str(term.value) for term in query.terms if isinstance(term.value, str)]
    hits = [payment_hit(one, words=words, uncertain=uncertain, now=now) for one in rows]
    text = show(query, language())
    href = url_for("payments.index", q=text, period="all")
    return _group(
        "payments",
        gettext("Payments"),
        hits,
        most=most,
        all_href=href,
        all_label=gettext("All of them in the list of payments"),
        all_detail=text,
        always_all=True,
    )


def _operations(asked: Asked, *, most: int, now: datetime) -> Group | None:
    if not asked.words:
        return None
    hits = []
    for one, goods, buyer in operations_found(asked.words, most=most + 1):
        refund = one.kind is OperationKind.REFUND and one.amount is not None
        names = [buyer or "", goods or one.merchant_uid or one.customer_uid or one.id]
        kind = LABELS[one.kind].text
        hits.append(
            Hit(
                href=url_for("operations.show", operation_id=one.id),
                icon=_ICONS[Kind.OPERATION],
                title=marked(" ".join(filter(None, names)), _texts(asked)),
                detail=f"{kind} · {kst(one.created_at)} · {one.created_by}",
                state=_state(LABELS[one.state]),
                end=money(-one.amount if refund and one.amount else one.amount),
                end_is_red=refund,
            )
        )
    return _group(
        "operations", gettext("Refunds and what else was sent"), hits, most=most, asked=asked
    )


def _customers(asked: Asked, *, most: int, now: datetime) -> Group | None:
    if not asked.words:
        return None
    hits = []
    for one in customers_found(asked.words, most=most + 1):
        keys = len(one.billing_keys)
        said = ngettext("%(num)s billing key", "%(num)s billing keys", keys) if keys else ""
        hits.append(
            Hit(
                href=url_for("customers.show", customer_id=one.id),
                icon=_ICONS[Kind.CUSTOMER],
                title=marked(one.name, _texts(asked)),
                detail=" · ".join(filter(None, [mask_phone(one.tel), one.customer_number, said])),
                end=kst_day(one.since, "date"),
            )
        )
    href = url_for("customers.index", q=asked.text)
    return _group("customers", gettext("Customers"), hits, most=most, all_href=href)


def _orders(asked: Asked, *, most: int, now: datetime) -> Group | None:
    if not asked.words:
        return None
    rows = orders_found(asked.words, most=most + 1)
    found = can(Permission.RECONCILIATION_READ.value)
    differences = differences_of([one.order_number for one in rows]) if found else {}
    hits = []
    for one in rows:
        names = filter(None, [one.buyer_name, one.order_name])
        hits.append(
            Hit(
                href=_of_order(one.order_number, differences.get(one.order_number)),
                icon="receipt",
                title=marked(" ".join(names), _texts(asked)),
                detail=f"{kst(one.ordered_at)} · {one.order_number}",
                state=_state(LABELS[one.status]),
                end=money(one.amount),
            )
        )
    return _group("orders", gettext("Orders without a payment"), hits, most=most, asked=asked)


def _inquiries(asked: Asked, *, most: int, now: datetime) -> Group | None:
    if not asked.words:
        return None
    hits = [
        Hit(
            href=url_for("inquiries.show", inquiry_id=one.id),
            icon=_ICONS[Kind.INQUIRY],
            title=marked(one.subject, _texts(asked)),
            detail=f"{kst(one.created_at)} · {one.customer_name}",
            state=_state(LABELS[one.state]),
            end=f"#{one.id}",
        )
        for one in inquiries_found(asked.words, most=most + 1)
    ]
    href = url_for("inquiries.index", state="all", q=asked.text)
    return _group("inquiries", gettext("Inquiries"), hits, most=most, all_href=href)


def _reconciliation(asked: Asked, *, most: int, now: datetime) -> Group | None:
    if not asked.words and asked.day is None:
        return None
    hits = [
        Hit(
            href=url_for("reconciliation.index", run=one.id),
            icon="scale",
            title=((gettext("Comparison of %(day)s", day=kst_day(one.day, "date")), False),),
            detail=f"{kst(one.started_at)} · {one.started_by}",
            state=_state(LABELS[one.state]),
            end=counted(one.differing_count) if one.differing_count else NOTHING,
        )
        for one in runs_found(asked.day, most=1)
    ]
    for found in discrepancies_found(asked.words, asked.day, most=most + 1):
        hits.append(
            Hit(
                href=url_for("reconciliation.show", discrepancy_id=found.id),
                icon="scale",
                title=marked(f"{LABELS[found.kind].text} {found.order_number}", _texts(asked)),
                detail=kst_day(found.day, "date"),
                state=_state(LABELS[found.state]),
                end=money(found.at_risk),
            )
        )
    label = gettext("Reconciliation")
    return _group("reconciliation", label, hits, most=most, asked=asked)


Make = Callable[..., Group | None]
_GROUPS: dict[str, tuple[Permission, Make]] = {
    "exact": (Permission.OWN_PROFILE, _exact),
    "pages": (Permission.OWN_PROFILE, _pages),
    "payments": (Permission.PAYMENTS_READ, _payments),
    "operations": (Permission.OPERATIONS_READ, _operations),
    "customers": (Permission.CUSTOMERS_READ, _customers),
    "orders": (Permission.PAYMENTS_READ, _orders),
    "inquiries": (Permission.INQUIRIES_READ, _inquiries),
    "reconciliation": (Permission.RECONCILIATION_READ, _reconciliation),
}
_ICONS = {
    Kind.PAYMENT: "credit-card",
    Kind.OPERATION: "arrow-back-up",
    Kind.CUSTOMER: "user",
    Kind.INQUIRY: "message-2",
}


def _group(
    name: str,
    label: str,
    hits: Sequence[Hit],
    *,
    most: int,
    asked: Asked | None = None,
    all_href: str = "",
    all_label: str = "",
    all_detail: str = "",
    always_all: bool = False,
) -> Group | None:
    """The group, with the way to all of it once there is more; None when it is empty."""
    if not hits:
        return None
    more = len(hits) > most
    if asked is not None and most < MOST_OF_ONE:
        all_href = url_for("search.index", q=asked.text, only=name)
    shown = more or always_all
    return Group(
        name=name,
        label=label,
        hits=tuple(hits[:most]),
        count=f"{most}+" if more else counted(len(hits)),
        all_href=all_href if shown else "",
        all_label=(all_label or gettext("See all")) if shown and all_href else "",
        all_detail=all_detail,
    )


def _address(kind: Kind, key: int | str) -> str:
    addresses: dict[Kind, tuple[str, str]] = {
        Kind.PAYMENT: ("payments.show", "payment_id"),
        Kind.OPERATION: ("operations.show", "operation_id"),
        Kind.CUSTOMER: ("customers.show", "customer_id"),
        Kind.INQUIRY: ("inquiries.show", "inquiry_id"),
    }
    endpoint, name = addresses[kind]
    return url_for(endpoint, **dict[str, Any]({name: key}))


def _of_order(number: str, discrepancy_id: int | None) -> str:
    """What reconciliation says of an order that nobody paid here, else where it will appear."""
    if discrepancy_id is not None:
        return url_for("reconciliation.show", discrepancy_id=discrepancy_id)
    query = f'{FIELDS[Field.ORDER].written(language())}="{number}"'
    return url_for("payments.index", q=query, period="all")


def _texts(asked: Asked) -> list[str]:
    return [word.text for word in asked.words]


def _state(label: Label) -> State:
    return State(text=str(label.text), classes=label.classes, glyph=label.glyph)
