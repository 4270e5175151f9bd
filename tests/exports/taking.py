"""Somebody takes a list away through the pages, without JavaScript."""

from __future__ import annotations

import html
from typing import Any

from werkzeug.test import TestResponse

from tests.people import Person

USUAL = (
    "merchant_uid imp_uid state order_name buyer_name buyer_tel buyer_email method apply_num "
    "amount_minor cancelled_minor left currency escrow sandbox started_at paid_at cancelled_at "
    "cancel_reason fail_reason"
).split()


def fill_in(person: Person, query: str = "", **fields: Any) -> dict[str, Any]:
    """The form over a list, as a browser would send it back."""
    address = "/exports/new?list=payments" + (f"&{query}" if query else "")
    usual = {"columns": USUAL, "kind": "csv", "reason": "month-end books"}
    hidden = {name: html.unescape(it) for name, it in person.hidden_fields(address).items()}
    return {**hidden, **usual, **fields}


def ask(person: Person, query: str = "", *, language: str = "ko", **fields: Any) -> TestResponse:
    """Send the form."""
    headers = {"Accept-Language": language}
    return person.post("/exports/", fill_in(person, query, **fields), headers=headers)


def take(person: Person, query: str = "", *, language: str = "ko", **fields: Any) -> TestResponse:
    """Export the payments of `query` and download the file."""
    answer = ask(person, query, language=language, **fields)
    assert answer.status_code == 303, answer.text
    return person.get(answer.location + "/file", buffered=True)
