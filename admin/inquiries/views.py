"""Inquiries: the inbox, one inquiry, taking a new one in."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.domain.clock import utc_now
from admin.domain.errors import DomainError, NotFound
from admin.domain.inquiry import InquiryEntryKind, InquiryState
from admin.domain.permissions import Permission
from admin.inquiries.forms import AnswerForm, InquiryForm, InquirySearchForm, NoteForm
from admin.inquiries.queries import (
    InquiryFilter,
    count_by_state,
    find_inquiry,
    select_inquiries,
)
from admin.inquiries.service import (
    assign_inquiry,
    close_inquiry,
    open_inquiry,
    reopen_inquiry,
    write_entry,
)
from admin.models import Inquiry, Payment
from admin.payments.history.entry import Entry
from admin.payments.queries import find_by_number, get_payment
from admin.saved_views.menu import make_menu, viewed
from admin.web.access import can, current_actor, requires
from admin.web.errors import sentence
from admin.web.filters import count, counted, kst, money
from admin.web.keys import asked_key
from admin.web.keyset import page_of
from admin.web.labels import LABELS
from admin.web.links import Link, paging

bp = Blueprint("inquiries", __name__, url_prefix="/inquiries")

MINE = "mine"


@bp.get("/")
@requires(Permission.INQUIRIES_READ, audit="inquiries.searched")
def index() -> ResponseReturnValue:
    """The inbox, newest first."""
    form = InquirySearchForm(request.args)
    form.validate()
    text = "" if form.q.errors else (form.q.data or "")
    asked = request.args.get("state", InquiryState.OPEN.value)
    wanted = InquiryFilter(
        state=InquiryState(asked) if asked in {one.value for one in InquiryState} else None,
        owner_id=current_actor().operator_id if asked == MINE else None,
        text=text,
    )
    page = page_of(select_inquiries(wanted), [Inquiry.id], cursor=request.args.get("cursor"))
    counts = count_by_state()
    writes = can(Permission.INQUIRIES_WRITE.value)
    return render_template(
        "inquiries/index.html",
        count=counted(sum(counts.values())),
        page=paging(page),
        saved=make_menu("inquiries"),
        tabs=_tabs(asked, counts),
        query={"text": text, "chips": [], "error": " ".join(map(str, form.q.errors))},
        rows=[_row(one) for one in page.rows],
        new_href=url_for("inquiries.new") if writes else "",
        empty=_empty(text) if not page.rows else None,
    )


@bp.get("/new")
@requires(Permission.INQUIRIES_WRITE)
def new() -> ResponseReturnValue:
    """The form for a question, about a payment when one is named."""
    payment = _asked_payment()
    form = InquiryForm(formdata=None)
    if payment is not None:
        form.customer_name.data = payment.buyer_name
    return _new_page(form, payment)


@bp.post("/")
@requires(Permission.INQUIRIES_WRITE)
def create() -> ResponseReturnValue:
    """Take a question in."""
    payment = _asked_payment()
    form = InquiryForm()
    if not form.validate_on_submit():
        return _new_page(form, payment), 422
    if payment is None and form.order_number.data:
        payment = find_by_number(form.order_number.data)
        if payment is None:
            form.order_number.errors = [gettext("No payment has this number.")]
            return _new_page(form, None), 422
    try:
        inquiry = open_inquiry(
            form.to_command(payment.id if payment else None),
            actor=current_actor(),
            now=utc_now(),
        )
    except NotFound:
        raise
    except DomainError as error:
        form.question.errors = [sentence(error)]
        return _new_page(form, payment), 422
    flash(gettext("The inquiry is open, and it is yours."), "done")
    return redirect(url_for("inquiries.show", inquiry_id=inquiry.id), 303)


@bp.get("/<int:inquiry_id>")
@requires(Permission.INQUIRIES_READ, audit="inquiry.viewed")
def show(inquiry_id: int) -> ResponseReturnValue:
    """One inquiry."""
    return _page(_inquiry(inquiry_id), AnswerForm(formdata=None), NoteForm(formdata=None))


@bp.post("/<int:inquiry_id>/answers/")
@requires(Permission.INQUIRIES_WRITE)
def answer(inquiry_id: int) -> ResponseReturnValue:
    """Keep what the customer was told."""
    form = AnswerForm()
    return _write(inquiry_id, form, InquiryEntryKind.ANSWER, form, NoteForm(formdata=None))


@bp.post("/<int:inquiry_id>/notes/")
@requires(Permission.INQUIRIES_WRITE)
def note(inquiry_id: int) -> ResponseReturnValue:
    """Leave a note among us."""
    form = NoteForm()
    return _write(inquiry_id, form, InquiryEntryKind.NOTE, AnswerForm(formdata=None), form)


@bp.post("/<int:inquiry_id>/closure")
@requires(Permission.INQUIRIES_WRITE)
def close(inquiry_id: int) -> ResponseReturnValue:
    """Close it."""
    close_inquiry(inquiry_id, actor=current_actor(), now=utc_now())
    flash(gettext("The inquiry is closed."), "done")
    return redirect(url_for("inquiries.show", inquiry_id=inquiry_id), 303)


@bp.post("/<int:inquiry_id>/reopening")
@requires(Permission.INQUIRIES_WRITE)
def reopen(inquiry_id: int) -> ResponseReturnValue:
    """The customer came back."""
    reopen_inquiry(inquiry_id, actor=current_actor(), now=utc_now())
    return redirect(url_for("inquiries.show", inquiry_id=inquiry_id), 303)


@bp.post("/<int:inquiry_id>/owner")
@requires(Permission.INQUIRIES_WRITE)
def take(inquiry_id: int) -> ResponseReturnValue:
    """Take it over."""
    actor = current_actor()
    assign_inquiry(inquiry_id, actor.operator_id, actor=actor, now=utc_now())
    flash(gettext("The inquiry is yours now."), "done")
    return redirect(url_for("inquiries.show", inquiry_id=inquiry_id), 303)


def _write(
    inquiry_id: int,
    form: AnswerForm | NoteForm,
    kind: InquiryEntryKind,
    answer_form: AnswerForm,
    note_form: NoteForm,
) -> ResponseReturnValue:
    if not form.validate_on_submit():
        return _page(_inquiry(inquiry_id), answer_form, note_form), 422
    try:
        write_entry(inquiry_id, kind, form.body.data or "", actor=current_actor(), now=utc_now())
    except NotFound:
        raise
    except DomainError as error:
        form.body.errors = [sentence(error)]
        return _page(_inquiry(inquiry_id), answer_form, note_form), 422
    return redirect(url_for("inquiries.show", inquiry_id=inquiry_id), 303)


def _asked_payment() -> Payment | None:
    payment_id = asked_key("payment_id")
    if payment_id is None:
        return None
    payment = get_payment(payment_id)
    if payment is None:
        raise NotFound()
    return payment


def _new_page(form: InquiryForm, payment: Payment | None) -> str:
    payment_id = payment.id if payment else None
    if payment is not None:
        del form.order_number
    back = (
        Link(payment.merchant_uid, url_for("payments.show", payment_id=payment.id))
        if payment
        else Link(gettext("Inquiries"), url_for("inquiries.index"))
    )
    return render_template(
        "inquiries/new.html",
        form=form,
        payment=payment,
        action=url_for("inquiries.create", payment_id=payment_id),
        back=back,
    )


def _page(inquiry: Inquiry, answer_form: AnswerForm, note_form: NoteForm) -> str:
    writes = can(Permission.INQUIRIES_WRITE.value)
    closed = inquiry.state is InquiryState.CLOSED
    open_now = writes and not closed
    own = inquiry.owner_id == current_actor().operator_id

    def address(endpoint: str, there: bool) -> str:
        return url_for(endpoint, inquiry_id=inquiry.id) if there else ""

    return render_template(
        "inquiries/show.html",
        inquiry=inquiry,
        payment=_payment(inquiry.payment),
        answer_form=answer_form if open_now else None,
        answer_action=address("inquiries.answer", open_now),
        note_form=note_form if open_now else None,
        note_action=address("inquiries.note", open_now),
        close_action=address("inquiries.close", open_now),
        reopen_action=address("inquiries.reopen", writes and closed),
        take_action=address("inquiries.take", open_now and not own),
        entries=_entries(inquiry),
        back=Link(gettext("Inquiries"), url_for("inquiries.index")),
    )


def _inquiry(inquiry_id: int) -> Inquiry:
    inquiry = find_inquiry(inquiry_id)
    if inquiry is None:
        raise NotFound()
    return inquiry


def _payment(payment: Payment | None) -> SimpleNamespace | None:
    if payment is None:
        return None
    return SimpleNamespace(
        amount=payment.amount,
        currency=payment.currency,
        order_name=payment.order_name,
        merchant_uid=payment.merchant_uid,
        state=payment.state(utc_now()),
        href=url_for("payments.show", payment_id=payment.id),
    )


def _entries(inquiry: Inquiry) -> list[Entry]:
    entries = [
        Entry(at=inquiry.created_at, text=gettext("Opened"), source=inquiry.created_by, tone="done")
    ]
    if inquiry.answered_at:
        entries.append(Entry(at=inquiry.answered_at, text=gettext("Answered"), tone="confirmed"))
    if inquiry.closed_at:
        entries.append(Entry(at=inquiry.closed_at, text=gettext("Closed"), tone="looked"))
    return sorted(entries, key=lambda one: one.at, reverse=True)


def _row(inquiry: Inquiry) -> dict[str, Any]:
    payment = inquiry.payment
    return {
        "href": url_for("inquiries.show", inquiry_id=inquiry.id),
        "time": kst(inquiry.created_at),
        "full_time": kst(inquiry.created_at, "full"),
        "status": LABELS[inquiry.state],
        "subject": inquiry.subject,
        "customer": inquiry.customer_name,
        "channel": str(LABELS[inquiry.channel].text),
        "owner": inquiry.owner.name if inquiry.owner else "",
        "order_number": payment.merchant_uid if payment else "–",
        "amount": money(payment.amount) if payment else "–",
    }


def _tabs(asked: str, counts: dict[InquiryState, int]) -> list[dict[str, Any]]:
    words = [(state.value, str(LABELS[state].text)) for state in InquiryState]
    numbers = {state.value: counts.get(state, 0) for state in InquiryState}
    choices = [*words, (MINE, gettext("Mine")), ("all", gettext("All"))]
    numbers["all"] = sum(counts.values())
    return [
        {
            "label": word,
            "href": url_for("inquiries.index", state=value, view=viewed()),
            "is_current": value == asked,
            "count": count(numbers[value]) if value in numbers else "",
            "tone": "",
            "glyph": "",
        }
        for value, word in choices
    ]


def _empty(text: str) -> dict[str, str]:
    said = gettext("No inquiry holds “%(text)s”.", text=text) if text else gettext("Nothing here.")
    return {
        "text": said,
        "href": url_for("inquiries.index", state="all"),
        "action": gettext("See all inquiries"),
    }
