"""Addresses that came from outside: shown as links only when they lead where we expect."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import unquote_plus, urlencode, urlsplit

from flask import request

from admin.domain.card_guard import holds_card_number
from admin.web.keyset import Page


class Link(NamedTuple):
    """A text that leads somewhere."""

    text: str
    href: str


RECEIPT_HOSTS = frozenset(
    {"admin8.kcp.co.kr", "admin.kcp.co.kr", "testadmin8.kcp.co.kr", "receipt.iamport.kr"}
)


def trusted_receipt(url: str | None) -> str:
    """`url` when it is https on a known receipt host, else nothing."""
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    known = parts.scheme == "https" and parts.hostname in RECEIPT_HOSTS and port in (None, 443)
    return url if known and not parts.username else ""


def paging(page: Page[Any]) -> dict[str, str | None]:
    """Addresses of the newer and the older page of the present list, its filter kept."""
    return {"newer_href": _turned(page.newer), "older_href": _turned(page.older)}


def asked() -> list[tuple[str, str]]:
    """The query string as pairs; a card number typed into it is never written into a page.

    A value may be a query string itself, in which the number stands encoded; and the values of one
    name may hold its parts.
    """
    clean = set()
    for name, values in request.args.lists():
        whole = " ".join(values)
        if not (holds_card_number(whole) or holds_card_number(unquote_plus(whole))):
            clean.add(name)
    return [(name, value) for name, value in request.args.items(multi=True) if name in clean]


def this_address() -> str:
    """Where the reader is, as `asked` gives it."""
    return f"{request.path}?{urlencode(asked())}"


def _turned(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    kept = [(name, value) for name, value in asked() if name != "cursor"]
    return f"{request.path}?{urlencode([*kept, ('cursor', cursor)])}"
