"""Errors as programs read them: problem details (RFC 9457)."""

from __future__ import annotations

import json
from http import HTTPStatus

from flask import Response, g

API = "/api/"  # where programs speak; no cookie is read or set there
PAUSE_SECONDS = 60  # until a program that asked too often may ask again


def problem(status: int, detail: str) -> Response:
    """One problem: its status, what it is called, and a sentence in the reader's language."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": g.get("request_id", ""),
    }
    text = json.dumps(body, ensure_ascii=False)
    answer = Response(text, status, mimetype="application/problem+json")
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        answer.headers["Retry-After"] = str(PAUSE_SECONDS)
    return answer
