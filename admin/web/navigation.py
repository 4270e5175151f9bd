"""The menu as data, and the addresses the frame itself needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import Flask, current_app, request, url_for
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from admin.domain.permissions import Permission
from admin.web.links import asked, this_address


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the menu. `counter` names the number of `shell.counters` beside it."""

    label: LazyString
    endpoint: str
    permission: Permission
    icon: str = ""
    counter: str = ""
    values: tuple[tuple[str, str], ...] = ()
    children: tuple[Entry, ...] = ()


MENU: tuple[tuple[Entry, ...], ...] = (
    (
        Entry(
            label=_l("Today"),
            endpoint="dashboard.index",
            icon="sun",
            permission=Permission.DASHBOARD_READ,
        ),
        Entry(
            label=_l("Payments"),
            endpoint="payments.index",
            icon="credit-card",
            permission=Permission.PAYMENTS_READ,
            children=(
                Entry(
                    label=_l("All payments"),
                    endpoint="payments.index",
                    permission=Permission.PAYMENTS_READ,
                ),
                Entry(
                    label=_l("Failed payments"),
                    endpoint="payments.index",
                    values=(("state", "failed"),),
                    permission=Permission.PAYMENTS_READ,
                ),
            ),
        ),
        Entry(
            label=_l("Orders"),
            endpoint="orders.index",
            icon="file-text",
            permission=Permission.ORDERS_READ,
        ),
        Entry(
            label=_l("Refunds"),
            endpoint="refunds.index",
            icon="arrow-back-up",
            counter="refunds",
            permission=Permission.REFUNDS_READ,
        ),
        Entry(
            label=_l("Customers & billing"),
            endpoint="customers.index",
            icon="users",
            counter="customers",
            permission=Permission.CUSTOMERS_READ,
        ),
        Entry(
            label=_l("Payment requests"),
            endpoint="payment_requests.index",
            icon="link",
            permission=Permission.REQUESTS_READ,
        ),
        Entry(
            label=_l("Escrow"),
            endpoint="escrow_orders.index",
            icon="package",
            counter="escrow_orders",
            permission=Permission.ESCROW_READ,
            children=(
                Entry(
                    label=_l("Escrow list"),
                    endpoint="escrow_orders.index",
                    permission=Permission.ESCROW_READ,
                ),
                Entry(
                    label=_l("Clock board"),
                    endpoint="escrow_orders.board",
                    permission=Permission.ESCROW_READ,
                ),
                Entry(
                    label=_l("Holidays"),
                    endpoint="holidays.index",
                    permission=Permission.HOLIDAYS_MANAGE,
                ),
            ),
        ),
    ),
    (
        Entry(
            label=_l("Reconciliation"),
            endpoint="reconciliation.index",
            icon="scale",
            counter="reconciliation",
            permission=Permission.RECONCILIATION_READ,
        ),
        Entry(
            label=_l("Inquiries"),
            endpoint="inquiries.index",
            icon="message-2",
            counter="inquiries",
            permission=Permission.INQUIRIES_READ,
        ),
        Entry(
            label=_l("Reports"),
            endpoint="reports.index",
            icon="report-analytics",
            permission=Permission.REPORTS_READ,
        ),
        Entry(
            label=_l("Exports"),
            endpoint="exports.index",
            icon="download",
            permission=Permission.PAYMENTS_EXPORT,
        ),
    ),
    (
        Entry(
            label=_l("Audit trail"),
            endpoint="audit.index",
            icon="history",
            permission=Permission.AUDIT_READ,
        ),
        Entry(
            label=_l("Jobs"),
            endpoint="jobs.index",
            icon="list-check",
            counter="jobs",
            permission=Permission.JOBS_READ,
        ),
    ),
)

# What the frame links to beside the menu, by the name templates use.
LINKS: dict[str, str] = {
    "home": "dashboard.index",
    "search": "search.index",
    "hits": "search.hits",
    "unknown": "operations.index",
    "profile": "accounts.profile",
    "preferences": "accounts.preferences",
    "sign_out": "security.logout",
}


@dataclass(slots=True, kw_only=True)
class Line:
    """One menu line as a template draws it."""

    label: LazyString
    href: str
    icon: str
    permission: str
    counter: str
    current: bool
    open: bool = False
    children: list[Line] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Navigation:
    """The groups of the menu and the frame's own links; a page that is not there gives ""."""

    groups: list[list[Line]]
    links: dict[str, str]


def init_app(app: Flask) -> None:
    """Give templates `navigation()`, `page_href(cursor)` and `this_address()`."""
    app.add_template_global(navigation)
    app.add_template_global(page_href)
    app.add_template_global(this_address)


def navigation() -> Navigation:
    """The menu for the present request. The template asks `can` before it draws a line."""
    groups = [[_line(entry) for entry in group if _exists(entry.endpoint)] for group in MENU]
    links = {
        name: url_for(endpoint) if _exists(endpoint) else "" for name, endpoint in LINKS.items()
    }
    return Navigation(groups=[group for group in groups if group], links=links)


def page_href(cursor: str) -> str:
    """The present list at another place: its address with another cursor."""
    kept = [(name, value) for name, value in asked() if name != "cursor"]
    return f"{request.path}?{urlencode([*kept, ('cursor', cursor)])}"


def _line(entry: Entry) -> Line:
    address = url_for(entry.endpoint)  # what stands below it in the address belongs to it
    here = request.path == address or (address != "/" and request.path.startswith(address))
    children = [_child(child, entry) for child in entry.children if here]
    return Line(
        label=entry.label,
        href=_address(entry),
        icon=entry.icon,
        permission=entry.permission.value,
        counter=entry.counter,
        current=here and not children,
        open=here and bool(children),
        children=children,
    )


def _child(child: Entry, parent: Entry) -> Line:
    here = set(request.args.items(multi=True))
    fits = [other for other in parent.children if set(other.values) <= here]

    def nearness(other: Entry) -> tuple[bool, int]:
        return other.endpoint == request.endpoint, len(other.values)

    current = child is max(fits, key=nearness, default=None)
    return Line(
        label=child.label,
        href=_address(child),
        icon="",
        permission=child.permission.value,
        counter=child.counter,
        current=current,
    )


def _address(entry: Entry) -> str:
    return url_for(entry.endpoint, **dict[str, Any](entry.values))


def _exists(endpoint: str) -> bool:
    return endpoint in current_app.view_functions
