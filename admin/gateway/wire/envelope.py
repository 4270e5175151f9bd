"""The envelope `{code, message, response}` around every answer, and what each HTTP status means.

HTTP 200 with a code other than 0 is the ordinary form of a refusal. 5xx, 429 and 3xx are not
documented: whatever was asked may have happened. Source: gateway guide, envelope and errors.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from decimal import Decimal
from typing import Any

import msgspec

from admin.domain.card_guard import hide_card_numbers
from admin.gateway.errors import (
    GatewayConflict,
    GatewayError,
    GatewayMalformed,
    GatewayNotFound,
    GatewayRejected,
    GatewayUnauthorized,
    GatewayUnavailable,
)
from admin.gateway.transport import Answer

REFUSALS = frozenset({400, 404, 405, 409, 422})  # documented: the request was read and refused
LONGEST_MESSAGE = 500
LONGEST_PATIENCE = 60.0  # seconds; what we grant a Retry-After


class Envelope(msgspec.Struct, frozen=True):
    """One answer. `response` holds plain JSON values, numbers with a fraction as Decimal."""

    code: int
    message: str | None = None
    response: Any = None


_decoder = msgspec.json.Decoder(Envelope, float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


def read_envelope(body: bytes) -> Envelope:
    """Decode `body`. Raises GatewayMalformed unless it is JSON with an integer `code`."""
    try:
        return _decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError) as error:
        raise GatewayMalformed("not the gateway's envelope") from error


def write_body(fields: dict[str, Any]) -> bytes:
    """Encode what a write sends; a Decimal becomes a JSON number, never a string."""
    return _encoder.encode(fields)


def open_read(answer: Answer) -> Any:
    """The `response` of a look-up.

    Only a readable envelope is believed: an HTML 404 from something in between must never
    pass for "no such payment".
    """
    _check_reached(answer)
    if answer.status in REFUSALS or 200 <= answer.status < 300:
        envelope = read_envelope(answer.body)
        if answer.status == 404:
            raise GatewayNotFound(_text(envelope), code=envelope.code, status=404)
        return _accepted(envelope, answer.status)
    raise _unclear(answer)


def open_write(answer: Answer) -> Any:
    """The `response` of a write. A documented refusal counts even when its body is unreadable."""
    _check_reached(answer)
    if answer.status in REFUSALS:
        envelope = _envelope_or_none(answer.body)
        refusal = GatewayConflict if answer.status == 409 else GatewayRejected
        raise refusal(
            _text(envelope) or f"HTTP {answer.status}",
            code=envelope.code if envelope else 0,
            status=answer.status,
        )
    if 200 <= answer.status < 300:
        return _accepted(read_envelope(answer.body), answer.status)
    raise _unclear(answer)


def says(error: GatewayRejected, words: Collection[str]) -> bool:
    """Whether the gateway's sentence holds one of `words`; it has no unified code table."""
    return any(word in error.message for word in words)


def _accepted(envelope: Envelope, status: int) -> Any:
    if envelope.code != 0 or status in REFUSALS:
        raise GatewayRejected(_text(envelope), code=envelope.code, status=status)
    return envelope.response


def _check_reached(answer: Answer) -> None:
    """401 and 403 mean that nothing was looked at, let alone executed."""
    if answer.status in (401, 403):
        message = _text(_envelope_or_none(answer.body))
        raise GatewayUnauthorized(f"HTTP {answer.status} {message}".strip(), status=answer.status)


def _unclear(answer: Answer) -> GatewayError:
    detail = f"HTTP {answer.status} {_text(_envelope_or_none(answer.body))}".strip()
    wait = answer.retry_after
    return GatewayUnavailable(
        detail,
        status=answer.status,
        retry_after=None if wait is None else min(wait, LONGEST_PATIENCE),
    )


def _envelope_or_none(body: bytes) -> Envelope | None:
    try:
        return read_envelope(body)
    except GatewayMalformed:
        return None


def _text(envelope: Envelope | None) -> str:
    """The gateway's sentence, cut, on one line and without a card number in it."""
    message = (envelope.message if envelope else None) or ""
    line = "".join(
        " " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter
        for letter in message[:LONGEST_MESSAGE]
    )
    return hide_card_numbers(line.strip())
