"""Where in a list a reader came from: carried in the address of a payment, led back to and on from.

The list's own query string travels as one parameter, so that a reload, a bookmark and a colleague
who is sent the address all know the same list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import request, url_for

from admin.domain.card_guard import holds_card_number
from admin.web.links import asked

NAME = "from"
LONGEST = 4_000
_OF_ONE_ANSWER = ("sums", "edit")  # parts of a list's address that say nothing about its place


@dataclass(frozen=True, slots=True)
class Place:
    """A list of payments, as the pairs of its query string."""

    pairs: tuple[tuple[str, str], ...]

    @property
    def query(self) -> str:
        return urlencode(self.pairs)

    @property
    def href(self) -> str:
        """The list itself, at the page the reader left."""
        return url_for("payments.index") + (f"?{self.query}" if self.pairs else "")

    @property
    def kept(self) -> dict[str, Any]:
        """The part of an address that carries it."""
        return {NAME: self.query}

    def payment(self, payment_id: int) -> str:
        """Another payment of the same list."""
        return url_for("payments.show", payment_id=payment_id, **self.kept)


def this_place() -> str:
    """The query string of the present list, as its rows carry it."""
    return urlencode([(name, text) for name, text in asked() if name not in _OF_ONE_ANSWER])


def asked_place() -> Place | None:
    """The list that the address names; None when the reader came from elsewhere."""
    text = request.args.get(NAME)
    if text is None or len(text) > LONGEST:
        return None
    try:
        pairs = parse_qsl(text, max_num_fields=30)
    except ValueError:
        return None
    return Place(tuple((name, one) for name, one in pairs if not holds_card_number(one)))
