"""The customer's page: open the window, come back from it, read what became of it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.checkout.service import Finding, find_link, note_opened, take_result
from admin.domain.clock import utc_now
from admin.domain.payment import PaymentState
from admin.domain.payment_request import SENTENCES, RequestState
from admin.domain.payment_window import RequestKind
from admin.gateway.errors import GatewayBusy, GatewayError
from admin.models import Payment, PaymentRequest
from admin.payment_requests.queries import payments_of, state_of
from admin.web.access import public
from admin.web.i18n import LOCALES, speaking
from admin.web.links import trusted_receipt
from admin.web.security import allow_window, limiter
from admin.web.services import gateway, settings

bp = Blueprint("checkout", __name__, url_prefix="/pay")

OPENED_A_MINUTE = "60 per minute"
LOOKED_A_MINUTE = "20 per minute"
UNSURE = "unsure"  # the look itself failed: nothing is known, so nothing is said


@bp.get("/<token>")
@public
@limiter.limit(OPENED_A_MINUTE)
def show(token: str) -> ResponseReturnValue:
    """Where the request stands; while it is open, the button that opens the window."""
    found = find_link(token)
    with speaking(_language(found)):
        if found is None:
            return render_template("checkout/unknown.html", language=_language(None)), 404
        return _page(found, token)


@bp.get("/<token>/back")
@public
@limiter.limit(LOOKED_A_MINUTE)
def back(token: str) -> ResponseReturnValue:
    """From the window, on a desk or a phone: look, then show on a page that is safe to reload.

    Nothing that the browser brings is believed; its `imp_uid` is only compared.
    """
    found = find_link(token)
    if found is None:
        return show(token)
    imp_uid = request.args.get("imp_uid", "")[:40]
    try:
        seen = take_result(found.id, imp_uid, gateway=gateway(), now=utc_now()).value
    except (GatewayBusy, GatewayError):
        seen = UNSURE
    said = "" if seen == Finding.DONE.value else seen
    lang = request.args.get("lang")
    return redirect(url_for("checkout.show", token=token, seen=said or None, lang=lang), 303)


def _page(found: PaymentRequest, token: str) -> str:
    now = utc_now()
    state = state_of(found, now=now)
    is_open = state is RequestState.OPEN
    seen = request.args.get("seen", "")
    if is_open and seen != UNSURE:
        allow_window(settings().window_sources)
        note_opened(found.id, now=now)
    return render_template(
        "checkout/show.html",
        language=_language(found),
        other_href=url_for("checkout.show", token=token, lang=_other(_language(found))),
        store=settings().store_name,
        is_sandbox=settings().is_sandbox,
        found=found,
        is_card=found.kind is RequestKind.CARD,
        state=state,
        sentence=gettext(SENTENCES[state]) if state in SENTENCES else "",
        finding=_finding(seen) if is_open else "",
        is_unsure=seen == UNSURE and state not in (RequestState.PAID, RequestState.STORED),
        payment=(payment := _payment(found)),
        receipt_href=trusted_receipt(payment.receipt_url if payment else None),
        window=_window(found, token) if is_open and seen != UNSURE else None,
        back_href=url_for("checkout.back", token=token, lang=request.args.get("lang")),
    )


def _window(found: PaymentRequest, token: str) -> dict[str, Any]:
    """What the page's script opens the window with."""
    lang = request.args.get("lang")
    home = url_for("checkout.back", token=token, lang=lang, _external=True)
    return {
        "script": settings().window_script,
        "code": settings().window_code,
        "parameters": found.parameters | {"m_redirect_url": home},
    }


def _payment(found: PaymentRequest) -> Payment | None:
    """The payment that the page tells of: the one with money, or with an account to pay into."""
    told = {PaymentState.PAID, PaymentState.PART_REFUNDED, PaymentState.REFUNDED}
    told.add(PaymentState.AWAITING)
    payments = payments_of([found.merchant_uid])[found.merchant_uid]
    states = ((one, one.snapshot().state(utc_now())) for one in payments)
    return next((one for one, state in states if state in told), None)


def _finding(seen: str) -> str:
    """Why the window's visit came to nothing; words of ours, never the browser's."""
    return {
        Finding.NOTHING.value: gettext("The window did not open. Nothing was paid; try once more."),
        Finding.CLOSED.value: gettext("The window was closed. Nothing was paid; try once more."),
        Finding.FAILED.value: gettext(
            "The payment did not go through. Nothing was paid; try once more or pay another way."
        ),
        Finding.STRANGE.value: gettext(
            "That payment does not belong to this request. Nothing was taken from it."
        ),
    }.get(seen, "")


def _language(found: PaymentRequest | None) -> str:
    """What the reader chose, else what staff chose for them, else the browser's."""
    asked = request.args.get("lang", "")
    if asked in LOCALES:
        return asked
    if found is not None:
        return found.language
    return request.accept_languages.best_match(LOCALES, "ko") or "ko"


def _other(language: str) -> str:
    return "ko" if language == "en" else "en"
