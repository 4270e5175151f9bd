"""Payment requests: the list, the composer, one request with its link and its parameters."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.domain.clock import utc_now
from admin.domain.errors import Busy, DomainError, InvalidInput, NotFound
from admin.domain.payment import PayMethod
from admin.domain.payment_request import RequestState, RequestTab
from admin.domain.payment_window import RequestKind, WindowRequest, check_request, parameters
from admin.domain.permissions import Permission
from admin.models import Customer, PaymentRequest
from admin.payment_requests.forms import ComposeForm, FindForm
from admin.payment_requests.queries import (
    count_by_tab,
    find_customer,
    find_request,
    payments_of,
    preparations_of,
    select_requests,
    state_of,
    states_of,
)
from admin.payment_requests.service import (
    REVOCABLE,
    compose_request,
    prepare_again,
    revoke_request,
)
from admin.payment_requests.snippet import make_snippet
from admin.web.access import can, current_actor, requires
from admin.web.errors import sentence, status_of
from admin.web.filters import count, counted, kst, money
from admin.web.form_keys import mint_form_key
from admin.web.keyset import page_of
from admin.web.labels import LABELS
from admin.web.links import Link, paging
from admin.web.services import gateway, gateway_pause, settings

bp = Blueprint("payment_requests", __name__, url_prefix="/payment-requests")

SOME_LINK = "LINK"  # stands in a snippet for the secret part of an address
COMPOSED = {"payment": RequestKind.PAYMENT, "escrow": RequestKind.PAYMENT, "card": RequestKind.CARD}


@bp.get("/")
@requires(Permission.REQUESTS_READ, audit="payment_requests.searched")
def index() -> ResponseReturnValue:
    """Requests newest first."""
    now = utc_now()
    form = FindForm(request.args)
    form.validate()
    text = "" if form.q.errors else (form.q.data or "")
    asked = request.args.get("state", "")
    tab = RequestTab(asked) if asked in {one.value for one in RequestTab} else None
    query = select_requests(tab, text, now=now)
    page = page_of(query, [PaymentRequest.id], cursor=request.args.get("cursor"))
    states = states_of(page.rows, now=now)
    counts = count_by_tab(now=now)
    return render_template(
        "payment_requests/index.html",
        count=counted(counts[tab]),
        page=paging(page),
        tabs=_tabs(tab, counts),
        query={"text": text, "chips": [], "error": " ".join(map(str, form.q.errors))},
        rows=[_row(one, states[one.id]) for one in page.rows],
        new_href=_new_href(),
        empty=None if page.rows else _empty(text),
    )


@bp.get("/new")
@requires(Permission.REQUESTS_CREATE)
def new() -> ResponseReturnValue:
    """The composer of one kind of request."""
    kind = _kind()
    customer = _customer(kind)
    form = ComposeForm(formdata=None)
    form.prepare(COMPOSED[kind], customer, now=utc_now())
    return _composer(kind, customer, form)


@bp.post("/")
@requires(Permission.REQUESTS_CREATE)
def create() -> ResponseReturnValue:
    """Keep a request, or only show its parameters, or give more lines for items."""
    kind, now = _kind(), utc_now()
    customer = _customer(kind)
    form = ComposeForm()
    if "more" in request.form:
        form.add_lines()
        return _composer(kind, customer, form)
    if not form.validate_on_submit():
        return _composer(kind, customer, form), 422
    try:
        command = form.to_command(COMPOSED[kind], customer, escrow=kind == "escrow", now=now)
        if "look" in request.form:
            check_request(command.window, now=now)
            return _composer(kind, customer, form, window=command.window)
        kept = compose_request(command, actor=current_actor(), gateway=gateway(), now=now)
    except InvalidInput as error:
        return _composer(kind, customer, form, error=_place(form, error)), 422
    except Busy as error:
        return _composer(kind, customer, form, error=sentence(error)), 503
    except NotFound:
        raise
    except DomainError as error:
        return _composer(kind, customer, form, error=sentence(error)), status_of(error)
    return redirect(url_for("payment_requests.show", request_id=kept.id), 303)


@bp.get("/<int:request_id>")
@requires(Permission.REQUESTS_READ, audit="payment_request.viewed")
def show(request_id: int) -> ResponseReturnValue:
    """One request: its link, where it stands, its parameters."""
    return _page(_request(request_id))


@bp.post("/<int:request_id>/preparations/")
@requires(Permission.REQUESTS_CREATE)
def prepare(request_id: int) -> ResponseReturnValue:
    """Register the amount once more, where the last time came to nothing."""
    kept = _request(request_id)
    form_key = request.form.get("form_key", "")
    try:
        prepare_again(request_id, form_key, actor=current_actor(), gateway=gateway(), now=utc_now())
    except DomainError as error:
        return _page(kept, error=sentence(error)), status_of(error)
    return redirect(url_for("payment_requests.show", request_id=request_id), 303)


@bp.post("/<int:request_id>/revocation/")
@requires(Permission.REQUESTS_CREATE)
def revoke(request_id: int) -> ResponseReturnValue:
    """Take the link back."""
    kept = _request(request_id)
    try:
        revoke_request(request_id, actor=current_actor(), now=utc_now())
    except DomainError as error:
        return _page(kept, error=sentence(error)), status_of(error)
    flash(gettext("The link opens nothing any more."), "done")
    return redirect(url_for("payment_requests.show", request_id=request_id), 303)


def _kind() -> str:
    kind = request.args.get("kind", "payment")
    if kind not in COMPOSED:
        abort(404)
    return kind


def _customer(kind: str) -> Customer | None:
    """Whom the request is for; a card is registered for somebody."""
    number = request.args.get("customer", 0, int)
    found = find_customer(number) if number and can(Permission.CUSTOMERS_READ.value) else None
    if found is None and (number or COMPOSED[kind] is RequestKind.CARD):
        raise NotFound()
    return found


def _place(form: ComposeForm, error: InvalidInput) -> str:
    """Put an error at the field it is about; what is about none is said above the form."""
    text = sentence(error)
    if error.field in form and error.field != "items":
        form[error.field].errors = [text]
        return ""
    return text


def _composer(
    kind: str,
    customer: Customer | None,
    form: ComposeForm,
    *,
    window: WindowRequest | None = None,
    error: str = "",
) -> str:
    code = settings().window_code
    missing = gettext("IMP_CODE is not set, so no window can be opened. Ask the administrator.")
    kinds = {
        "payment": gettext("A payment"),
        "escrow": gettext("An escrow payment"),
    }
    return render_template(
        "payment_requests/new.html",
        kind=kind,
        kinds=[
            {
                "label": label,
                "href": url_for("payment_requests.new", kind=one),
                "is_on": one == kind,
            }
            for one, label in kinds.items()
        ]
        if kind in kinds
        else [],
        customer=customer,
        form=form,
        action=url_for(
            "payment_requests.create", kind=kind, customer=customer.id if customer else None
        ),
        error=error or ("" if code else missing) or (gateway_pause() if kind != "card" else ""),
        is_locked=not code,
        snippet=_snippet(parameters(window)) if window else "",
        back=Link(gettext("Payment requests"), url_for("payment_requests.index")),
    )


def _page(kept: PaymentRequest, *, error: str = "") -> str:
    now = utc_now()
    state = state_of(kept, now=now)
    may = can(Permission.REQUESTS_CREATE.value)
    operation = preparations_of([kept.merchant_uid]).get(kept.merchant_uid)
    return render_template(
        "payment_requests/show.html",
        kept=kept,
        state=state,
        kind=LABELS[kept.kind].text,
        method=_method(kept),
        link=_link(kept) if state in (RequestState.OPEN, RequestState.PREPARING) else "",
        payments=[_payment(one) for one in payments_of([kept.merchant_uid])[kept.merchant_uid]],
        preparation=url_for("operations.show", operation_id=operation.id) if operation else "",
        customer_href=url_for("customers.show", customer_id=kept.customer_id)
        if kept.customer_id and can(Permission.CUSTOMERS_READ.value)
        else "",
        prepare_action=url_for("payment_requests.prepare", request_id=kept.id)
        if may and state is RequestState.NOT_PREPARED
        else "",
        form_key=mint_form_key(),
        revoke_action=url_for("payment_requests.revoke", request_id=kept.id)
        if may and state in REVOCABLE
        else "",
        snippet=_snippet(kept.parameters),
        error=error,
        back=Link(gettext("Payment requests"), url_for("payment_requests.index")),
    )


def _request(request_id: int) -> PaymentRequest:
    kept = find_request(request_id)
    if kept is None:
        raise NotFound()
    return kept


def _snippet(given: dict[str, Any]) -> str:
    home = url_for("checkout.back", token=SOME_LINK, _external=True)
    return make_snippet(given, code=settings().window_code, redirect=home)


def _link(kept: PaymentRequest) -> str:
    return url_for("checkout.show", token=kept.token, _external=True)


def _method(kept: PaymentRequest) -> str:
    return str(LABELS[PayMethod(kept.pay_method)].text)


def _payment(payment: Any) -> dict[str, Any]:
    return {
        "href": url_for("payments.show", payment_id=payment.id),
        "imp_uid": payment.imp_uid,
        "state": payment.snapshot().state(utc_now()),
        "amount": payment.amount,
        "at": payment.started_at,
        "fail_reason": payment.fail_reason,
    }


def _row(kept: PaymentRequest, state: RequestState) -> dict[str, Any]:
    card = kept.kind is RequestKind.CARD
    return {
        "href": url_for("payment_requests.show", request_id=kept.id),
        "time": kst(kept.created_at),
        "full_time": kst(kept.created_at, "full"),
        "state": LABELS[state],
        "name": kept.name,
        "kind": LABELS[kept.kind].text,
        "buyer": kept.buyer_name or "–",
        "method": _method(kept),
        "until": kst(kept.expires_at),
        "merchant_uid": kept.merchant_uid,
        "by": kept.created_by,
        "amount": "–" if card else money(kept.amount),
    }


def _tabs(current: RequestTab | None, counts: dict[RequestTab | None, int]) -> list[dict[str, Any]]:
    return [
        {
            "label": str(LABELS[tab].text) if tab else gettext("All"),
            "href": url_for("payment_requests.index", state=tab.value if tab else None),
            "is_current": tab is current,
            "count": count(counts[tab]),
            "tone": "",
            "glyph": "",
        }
        for tab in (None, *RequestTab)
    ]


def _new_href() -> str:
    return url_for("payment_requests.new") if can(Permission.REQUESTS_CREATE.value) else ""


def _empty(text: str) -> dict[str, str]:
    if text:
        return {
            "text": gettext("No request holds “%(text)s”.", text=text),
            "href": url_for("payment_requests.index"),
            "action": gettext("Clear the search"),
        }
    return {
        "text": gettext("No payment request here."),
        "href": _new_href() or url_for("payments.index"),
        "action": gettext("Compose one") if _new_href() else gettext("See payments"),
    }
