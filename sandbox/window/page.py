"""/window/<id>: the page in which a buyer pays, and what its buttons do."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, make_response, render_template

from sandbox.clock import in_kst
from sandbox.envelope import http_refusal, success
from sandbox.facts.codes import VBANK_ISSUERS
from sandbox.facts.kcp import INSTALMENTS_FROM, SHOP_NAME
from sandbox.incoming import read_body, text
from sandbox.payment_rows import Payment, read_one
from sandbox.state import sandbox
from sandbox.window import texts
from sandbox.window.channels import BILLING
from sandbox.window.offers import direct_card, offered_cards, offered_quotas, vbank_deadline
from sandbox.window.results import Result, ended, way_back
from sandbox.window.rows import WITH_CARD
from sandbox.window.sessions import Window, find_window
from sandbox.window.settling import close, settle

bp = Blueprint("window", __name__, url_prefix="/window", template_folder="templates")

_UNKNOWN = "존재하지 않는 결제창입니다."
_DIRECT_SHOP_NAME = "iamport"


@bp.after_request
def for_the_opener(response: Response) -> Response:
    """Closing works from the page that opened the window, too."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/<segment:window_id>")
def show(window_id: str) -> Response:
    parts = sandbox()
    with parts.store.reading() as db:
        window = find_window(db, window_id)
        told = _told(window, read_one(db, window.payment["imp_uid"])) if window else None
    if window is None:
        page = render_template("window_ended.html", said=texts.KO, window=None)
        return _guarded(make_response(page, 404), None)
    language = "en" if text(window.params, "language") == "en" else "ko"
    context = {"said": texts.words(language), "language": language, "window": window}
    if window.has_ended:
        page = render_template("window_ended.html", **context, told=told)
    else:
        offer = _offer(window, language, now=parts.clock.now())
        page = render_template("window.html", **context, offer=offer)
    return _guarded(make_response(page), window.origin)


@bp.post("/<segment:window_id>/pay")
def pay(window_id: str) -> Response:
    """What the buyer chose, and `answer`, the KCP code it is to fail with; pressing twice
    pays once."""
    body = read_body()
    return _end(window_id, lambda db, window, now: settle(db, window, body, now=now))


@bp.post("/<segment:window_id>/close")
def leave(window_id: str) -> Response:
    """The buyer leaves without paying; a window that has ended says how."""
    return _end(window_id, lambda db, window, now: close(db, window, now=now))


def _end(window_id: str, act: Callable[[Any, Window, int], Payment]) -> Response:
    parts = sandbox()
    with parts.store.writing() as db:
        window = find_window(db, window_id)
        if window is None:
            raise http_refusal(404, _UNKNOWN)
        if window.has_ended:
            return success(_told(window, read_one(db, window.payment["imp_uid"])))
        payment = act(db, window, parts.clock.now())
    # Ordinary failures send nothing.
    if payment["status"] != "failed":
        parts.webhooks.send(payment, notice_url=window.payment["notice_url"])
    return success(_told(window, payment))


def _told(window: Window, payment: Payment) -> dict[str, Any]:
    """The callback's object, and where a phone goes back to."""
    result: Result = ended(payment)
    back = way_back(window.params["m_redirect_url"], result) if window.is_mobile else None
    return {"result": result, "redirect": back}


def _offer(window: Window, language: str, *, now: int) -> dict[str, Any]:
    """Everything the page shows of the request."""
    params, row = window.params, window.payment
    method = text(params, "pay_method") or "card"
    is_billing = row["pg_provider"] == BILLING
    amount = int(params["amount"])
    direct = direct_card(params, amount)
    takes_card = method in WITH_CARD
    default_name = _DIRECT_SHOP_NAME if direct else SHOP_NAME
    banks = VBANK_ISSUERS if method == "vbank" else texts.BANK_NAMES
    member = text(params.get("bypass") or {}, "shop_user_id")
    return {
        "shop": text(params, "company") or default_name,
        "order": row["name"],
        "amount": amount,
        "method": method,
        "method_name": texts.method_name(method, language),
        "is_billing": is_billing,
        "is_escrow": bool(row["escrow"]),
        "member": member,
        "takes_card": takes_card,
        "direct": direct and {
            "name": texts.card_name(direct.code, language),
            "quota": direct.quota,
            "uses_points": direct.uses_points,
        },
        "cards": [(code, texts.card_name(code, language)) for code in offered_cards(params)],
        "quotas": () if is_billing or not takes_card else offered_quotas(params, amount),
        "has_instalments": amount >= INSTALMENTS_FROM,
        "is_app_only": params.get("appCard") is True,
        "banks": [(code, texts.bank_name(code, language)) for code in banks],
        "deadline": in_kst(vbank_deadline(text(params, "vbank_due"), now=now))
        if method == "vbank"
        else None,
        "test_cards": tuple(texts.TEST_CARDS),
        "answers": [
            (code, texts.answer_name(code, language))
            for code in (texts.CARD_ANSWERS if takes_card else texts.OTHER_ANSWERS)
        ],
    }  # fmt: skip


def _guarded(response: Response, origin: str | None) -> Response:
    """Nothing from elsewhere, and shown in nobody's frame but the opener's."""
    ancestors = f"; frame-ancestors {origin}" if origin else ""
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
        f" img-src data:; base-uri 'none'; form-action 'none'{ancestors}"
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
