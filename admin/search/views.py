"""The box over everything: its page, its answers while one types, and a pasted message."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.domain.card_guard import holds_card_number
from admin.domain.clock import kst_date, utc_now
from admin.domain.permissions import Permission
from admin.domain.search.clues import Clue, ClueKind, find_clues
from admin.operations.queries import uncertain_payments
from admin.search.candidates import Found, find_by_clues
from admin.search.forms import PasteForm, SearchForm
from admin.search.hits import find_hits, make_answer, payment_hit, place_of
from admin.search.reading import Asked, read
from admin.search.service import record_paste
from admin.web.access import can, current_actor, requires
from admin.web.filters import counted, kst_day, mask_email, mask_phone
from admin.web.labels import LABELS

bp = Blueprint("search", __name__, url_prefix="/search")


@bp.get("/")
@requires(Permission.OWN_PROFILE, audit="search.searched")
def index() -> ResponseReturnValue:
    """Everything that was found; a whole number opens its page at once."""
    now = utc_now()
    form, asked = _asked(today=kst_date(now))
    only = request.args.get("only", "")
    if not only and (place := place_of(asked.text)):
        return redirect(place, 303)
    groups = find_hits(asked, now=now, only=only)
    return render_template(
        "search/index.html",
        query={"text": asked.text, "chips": [], "error": " ".join(map(str, form.q.errors))},
        groups=groups,
        count=counted(sum(len(group.hits) for group in groups)) if groups else "",
        asked=bool(asked.text),
        paste_href=_paste_href(),
    )


@bp.get("/hits.json")
@requires(Permission.OWN_PROFILE, audit="search.searched")
def hits() -> ResponseReturnValue:
    """The same for the open box, while one types."""
    now = utc_now()
    form, asked = _asked(today=kst_date(now))
    answer = make_answer(find_hits(asked, now=now))
    errors = " ".join(map(str, form.q.errors))
    return answer | {"note": errors or ("" if answer["groups"] else gettext("Nothing found."))}


@bp.get("/paste")
@requires(Permission.PAYMENTS_READ)
def paste() -> ResponseReturnValue:
    """The form for a message."""
    return render_template("search/paste.html", form=PasteForm(formdata=None), result=None)


@bp.post("/paste")
@requires(Permission.PAYMENTS_READ)
def find() -> ResponseReturnValue:
    """The payments that a message speaks of. It is read and forgotten, and never shown again."""
    form = PasteForm()
    if not form.validate_on_submit():
        return render_template("search/paste.html", form=form, result=None), 422
    now = utc_now()
    text = form.text.data or ""
    clues = find_clues(text, today=kst_date(now))
    found = find_by_clues(clues, now=now)
    record_paste(clues, shown=len(found), actor=current_actor(), now=now)
    uncertain = uncertain_payments([one.payment.imp_uid for one in found])
    result = {
        "clues": [_clue(clue) for clue in clues],
        "dropped_card": holds_card_number(text),
        "hits": [
            {"met": [_clue(clue) for clue in one.match.met]}
            | asdict(payment_hit(one.payment, words=_names(one), uncertain=uncertain, now=now))
            for one in found
        ],
        "count": counted(len(found)),
    }
    return render_template("search/paste.html", form=PasteForm(formdata=None), result=result)


def _asked(*, today: date) -> tuple[SearchForm, Asked]:
    form = SearchForm(request.args)
    form.validate()
    return form, Asked() if form.q.errors else read(form.q.data or "", today=today)


def _paste_href() -> str:
    return url_for("search.paste") if can(Permission.PAYMENTS_READ.value) else ""


def _names(found: Found) -> list[str]:
    return [str(clue.value) for clue in found.match.met if clue.kind is ClueKind.NAME]


def _clue(clue: Clue) -> dict[str, Any]:
    return {"kind": str(LABELS[clue.kind].text), "value": _said(clue)}


def _said(clue: Clue) -> str:
    """A clue as people write it; what names a person beside the name stays masked."""
    if clue.kind is ClueKind.PHONE:
        return mask_phone(str(clue.value))
    if clue.kind is ClueKind.EMAIL:
        return mask_email(str(clue.value))
    if isinstance(clue.value, int):
        return gettext("%(amount)s KRW", amount=f"{clue.value:,}")
    if isinstance(clue.value, date):
        return kst_day(clue.value, "date")
    return f"{clue.value:%H:%M}" if clue.kind is ClueKind.MOMENT else str(clue.value)
