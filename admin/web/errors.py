"""Errors as pages: a sentence, what to do, and the number of the request."""

from __future__ import annotations

from http import HTTPStatus

import structlog
from flask import Flask, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf import FlaskForm
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from admin.domain.errors import (
    N_,
    Busy,
    Conflict,
    DomainError,
    InvalidInput,
    NotAllowed,
    NotFound,
)
from admin.domain.money import Money
from admin.gateway.errors import (
    GatewayBusy,
    GatewayError,
    GatewayRejected,
    GatewayUnknownStatus,
)
from admin.models import db
from admin.web.filters import money_with_unit
from admin.web.problems import API, problem

log = structlog.get_logger()

STATUS: tuple[tuple[type[DomainError], int], ...] = (
    (NotFound, 404),
    (NotAllowed, 403),
    (Conflict, 409),
    (Busy, 503),
    (InvalidInput, 422),
    (DomainError, 422),
)

SENTENCES: dict[int, str] = {
    400: N_("We could not understand that request."),
    401: N_("Sign in first."),
    403: N_("You may not open this page. A manager can give you the permission."),
    404: N_("There is nothing here. It may have been moved, or the number is off."),
    405: N_("That cannot be done here."),
    409: N_("This changed while you were looking. Look again before you go on."),
    413: N_("That is too large to be taken."),
    422: N_("Something in what you entered cannot be right."),
    429: N_("Too many tries in a short time. Wait a minute and try again."),
    500: N_("Something went wrong on our side. Nothing you entered was acted on twice."),
    502: N_("No answer from the payment gateway. Try again in a moment."),
    503: N_("Busy right now. Nothing was sent; try again in a moment."),
}


def sentence(error: DomainError) -> str:
    """The error in the reader's language, its values written as people read them."""
    return gettext(error.message, **{name: _shown(value) for name, value in error.values.items()})


def show_at_field(form: FlaskForm, error: InvalidInput, *, otherwise: str) -> None:
    """Put a refusal beside the field it is about; beside `otherwise` when the form has none."""
    form[error.field if error.field in form else otherwise].errors = [sentence(error)]


def status_of(error: DomainError) -> int:
    """The HTTP status that an error is answered with."""
    return next(code for kind, code in STATUS if isinstance(error, kind))


def gateway_sentence(error: GatewayError) -> str:
    """What the gateway's failure means to the reader; a refusal in the gateway's own words."""
    if isinstance(error, GatewayRejected):
        return gettext("The gateway refused: %(message)s", message=error.message)
    if isinstance(error, GatewayUnknownStatus):
        return gettext(error.sentence, word=error.word)
    return gettext(error.sentence)


def install(app: Flask) -> None:
    """Show every error as a page of ours."""
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(GatewayError, _gateway_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OperationalError, _database_error)
    app.register_error_handler(Exception, _unexpected)


def error_page(status: int, text: str) -> ResponseReturnValue:
    """One page for every error; a program gets it as a problem."""
    if request.path.startswith(API):
        return problem(status, text)
    title = HTTPStatus(status).phrase
    page = render_template(
        "errors/page.html",
        status=status,
        title=title,
        sentence=text,
        request_id=g.get("request_id", ""),
    )
    return make_response(page, status)


def _shown(value: object) -> object:
    return money_with_unit(value) if isinstance(value, Money) else value


def _domain_error(error: DomainError) -> ResponseReturnValue:
    return error_page(status_of(error), sentence(error))


def _gateway_error(error: GatewayError) -> ResponseReturnValue:
    log.warning("gateway.failed", error=type(error).__name__, detail=str(error))
    return error_page(503 if isinstance(error, GatewayBusy) else 502, gateway_sentence(error))


def _http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if error.response is not None and status < 400:
        return error.response
    text = SENTENCES.get(status, SENTENCES[400])
    answer = error_page(status, gettext(text))
    headers = {
        name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")
    }
    for name, value in headers.items():
        answer.headers[name] = value  # type: ignore[union-attr]
    return answer


def _database_error(error: OperationalError) -> ResponseReturnValue:
    """Locked, full or gone. An operation that was begun never ends here: it has its own page."""
    log.exception("database.failed", path=request.path, error=type(error.orig).__name__)
    db.session.rollback()  # PostgreSQL answers nothing more in a transaction that has failed
    return error_page(503, gettext(SENTENCES[503]))


def _unexpected(error: Exception) -> ResponseReturnValue:
    log.exception("request.failed", path=request.path, error=type(error).__name__)
    db.session.rollback()
    return error_page(500, gettext(SENTENCES[500]))
