"""Webhooks from the other side: what was sent, the knobs, and forged ones."""

import json
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response

from sandbox.envelope import Refusal, success
from sandbox.incoming import Body, boolean, number, read_body, text
from sandbox.state import sandbox

bp = Blueprint("hooks", __name__, url_prefix="/webhooks")

_COUNTS = ("lose_next", "dup", "delay_ms", "reorder", "retries", "retry_ms")
_KNOBS = frozenset({"loss", "form_encoded", *_COUNTS})


@bp.get("/")
def sent() -> Response:
    """Webhooks sent since the start or the last reset, with what the shop answered."""
    return success(sandbox().webhooks.sent())


@bp.get("/knobs")
def read_knobs() -> Response:
    return success(sandbox().webhooks.state())


@bp.post("/knobs")
def turn_knobs() -> Response:
    """Only what is named changes: loss, lose_next, dup, delay_ms, reorder, form_encoded,
    retries, retry_ms."""
    body = read_body()
    if unknown := body.keys() - _KNOBS:
        raise Refusal(f"Unknown knobs: {', '.join(sorted(unknown))}.", status=400)
    parts = sandbox()
    knobs = parts.webhooks.turn(_changes(body))
    parts.store.keep_setting("webhook_form", knobs.form_encoded)
    return read_knobs()


@bp.delete("/knobs")
def reset_knobs() -> Response:
    """Back to one copy each, at once and in order; the form of the body stays."""
    sandbox().webhooks.turn(
        {"loss": 0.0, "lose_next": 0, "dup": 1, "delay_ms": 0, "reorder": 0, "retries": 0}
    )
    return read_knobs()


@bp.post("/forge")
def forge() -> Response:
    """Post `body`, text or an object, to `url` or else the console's, as nobody the shop knows.

    `content_type` names another type than the body's own.
    """
    given = read_body()
    sender = sandbox().webhooks
    url = text(given, "url") or sender.url
    if not url:
        raise Refusal("There is no address to send it to.", status=409)
    body = given.get("body", "")
    kind = "application/x-www-form-urlencoded" if sender.knobs.form_encoded else "application/json"
    data = body if isinstance(body, str) else _written(body, as_form=sender.knobs.form_encoded)
    entry = sender.forge(
        url=url, data=data.encode(), content_type=text(given, "content_type") or kind
    )
    return success(entry)


def _written(body: Any, *, as_form: bool) -> str:
    return urlencode(body) if as_form and isinstance(body, dict) else json.dumps(body)


def _changes(body: Body) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name in body:
        if name == "form_encoded":
            changes[name] = boolean(body[name])
            continue
        value = number(body, name)
        if value is None:
            raise Refusal(f"{name} needs a number.", status=400)
        changes[name] = float(value) if name == "loss" else int(value)
    return changes
