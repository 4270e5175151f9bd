"""The one shape of every answer: `{"code", "message", "response"}`, whatever went wrong."""

import json
import logging

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

log = logging.getLogger("sandbox")

NO_PAYMENT = "존재하지 않는 결제정보입니다."


class Refusal(Exception):
    """An answer other than success.

    A business refusal is HTTP 200 with a code other than 0: 1 when the gateway itself says
    no, -1 when the card company or KCP does. HTTP errors carry code -1.
    """

    def __init__(self, message: str, *, code: int = 1, status: int = 200) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status


def http_refusal(status: int, message: str) -> Refusal:
    """A refusal that is an HTTP error too."""
    return Refusal(message, code=-1, status=status)


def answer(code: int, message: str | None, body: object, status: int = 200) -> Response:
    """Write one envelope."""
    text = json.dumps(
        {"code": code, "message": message, "response": body},
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return Response(text, status=status, content_type="application/json; charset=utf-8")


def success(body: object, status: int = 200) -> Response:
    """Code 0; the message is null on success."""
    return answer(0, None, body, status)


def register_errors(app: Flask) -> None:
    """Make every error an envelope, those of the framework included."""

    @app.errorhandler(Refusal)
    def refused(error: Refusal) -> Response:
        return answer(error.code, error.message, None, error.status)

    @app.errorhandler(HTTPException)
    def framework_error(error: HTTPException) -> Response:
        return answer(-1, error.name, None, error.code or 500)

    @app.errorhandler(Exception)
    def crashed(error: Exception) -> Response:
        log.error("The sandbox failed on a request", exc_info=error)
        return answer(-1, "Internal Server Error", None, 500)
