"""Logs as JSON lines, one an event, without secrets and card numbers."""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
import time
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from flask import Flask, Response, g, request

from admin.config import Settings
from admin.domain.card_guard import hide_card_numbers

HIDDEN = frozenset(
    {
        "password",
        "secret",
        "token",
        "card_number",
        "expiry",
        "birth",
        "pwd_2digit",
        "password_2_digits",
        "cvc",
        "code",
    }
)
# What a terminal or a reader may take for a line's end or a command, beside what JSON escapes.
UNSEEN = re.compile("[\x7f-\x9f\u2028\u2029]")
REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,40}")
log = structlog.get_logger()


def configure(settings: Settings) -> None:
    """Send structlog and the standard library's log through one JSON formatter to stderr."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _Redactor(settings),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_one_line),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level)
    for chatty in ("httpx", "httpcore", "huey.consumer.Scheduler"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def install(app: Flask) -> None:
    """Number each request and log its end: method, path without its query, status, time."""
    app.before_request(_begin)
    app.after_request(_end)


def _one_line(event: object, **options: Any) -> str:
    """One event as one line of JSON, Korean readable, whatever stands in it."""
    text = json.dumps(event, ensure_ascii=False, **options)
    return UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _begin() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
    g.began = time.monotonic()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    request_id = g.get("request_id")
    if request_id:
        response.headers["X-Request-ID"] = request_id
    if request.endpoint != "static":
        elapsed = int((time.monotonic() - g.get("began", time.monotonic())) * 1000)
        # The endpoint, not the path: a path may carry a token (webhooks).
        log.info(
            "request.done",
            method=request.method,
            endpoint=request.endpoint or "-",
            status=response.status_code,
            ms=elapsed,
        )
    return response


class _Redactor:
    """Takes secrets and card numbers out of every event, whatever field they stand in."""

    def __init__(self, settings: Settings) -> None:
        values = (settings.secret_key, settings.gateway_secret, settings.webhook_token)
        self._secrets = tuple(value for value in values if value)

    def __call__(
        self, _logger: object, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        for name, value in event.items():
            event[name] = self._seen(name, value)
        return event

    def _seen(self, name: object, value: object) -> object:
        """What may be seen of a value, at any depth."""
        if isinstance(name, str) and name.lower() in HIDDEN:
            return "[hidden]"
        if isinstance(value, str):
            return self._clean(value)
        if isinstance(value, Mapping):
            return {key: self._seen(key, inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self._seen("", inner) for inner in value]
        return value

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "[hidden]")
        return hide_card_numbers(text)
