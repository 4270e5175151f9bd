"""Files of orders: bring one, match its columns, see what it would do, take it, mend the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin.domain.clock import utc_now
from admin.domain.errors import N_, DomainError, InvalidInput
from admin.domain.order_input import ITEM_FIELDS, REQUIRED, OrderField
from admin.domain.order_intake import ImportState
from admin.domain.order_mapping import MOST_WORDS, OrderColumns, guess_columns, guess_word
from admin.domain.permissions import Permission
from admin.domain.reconciliation.records import BookedStatus
from admin.models import OrderImport, OrderImportRow
from admin.order_imports import dropping, matching, mending, staging, taking
from admin.order_imports.exports import field_label, refused_columns, told, why
from admin.order_imports.forms import FileForm, PostForm, cells_of, columns_of
from admin.order_imports.mending import MOST_MENDED
from admin.order_imports.queries import (
    count_refused,
    find_twin,
    refused_rows,
    samples_of,
    select_imports,
    words_of,
)
from admin.order_imports.staging import MOST_BYTES, MOST_ROWS
from admin.order_imports.steps import AT_ONCE, get_import
from admin.web.access import can, current_actor, person, requires, signed_in
from admin.web.errors import sentence, status_of
from admin.web.keyset import page_of
from admin.web.labels import LABELS
from admin.web.links import paging
from admin.web.security import limiter
from admin.web.spreadsheet import csv_response

bp = Blueprint("order_imports", __name__, url_prefix="/orders/imports")

REFRESH_SECONDS = 2
SAMPLES = 3
FORM_BYTES = 64 * 1024  # around the file
BRING = "order_imports.create"
_MANY_WORDS = N_("That column holds too many different words to be a status.")
AT_WORK = frozenset({ImportState.JUDGING, ImportState.TAKING})


@bp.url_value_preprocessor
def _take_more(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Only who may bring files may send a large one; before anything of it is read."""
    if endpoint == BRING and signed_in() is not None and can(Permission.ORDERS_IMPORT.value):
        request.max_content_length = MOST_BYTES + FORM_BYTES


@bp.get("/")
@requires(Permission.ORDERS_IMPORT)
def index() -> ResponseReturnValue:
    """Files newest first, and where the next one is brought."""
    return _index(FileForm(formdata=None))


@bp.post("/")
@requires(Permission.ORDERS_IMPORT)
@limiter.limit("60 per hour", key_func=person)
def create() -> ResponseReturnValue:
    """Keep a file's rows until they are taken."""
    form = FileForm()
    given = form.file.data
    if not form.validate_on_submit():
        return _index(form), 422
    if not given or not given.filename:
        form.file.errors = [gettext("Choose a file.")]
        return _index(form), 422
    try:
        brought = staging.stage(given.stream, given.filename, actor=current_actor(), now=utc_now())
    except InvalidInput as error:
        form.file.errors = [sentence(error)]
        return _index(form), 422
    return redirect(url_for("order_imports.mapping", import_id=brought.id), 303)


@bp.get("/<int:import_id>")
@requires(Permission.ORDERS_IMPORT, audit="order_import.viewed")
def show(import_id: int) -> ResponseReturnValue:
    """What a file would do, or did, and what of it was refused."""
    return _page(import_id)


@bp.get("/<int:import_id>/mapping")
@requires(Permission.ORDERS_IMPORT, audit="order_import.viewed")
def mapping(import_id: int) -> ResponseReturnValue:
    """Which column is which: as the last file with these headings, else as it can be guessed."""
    brought = get_import(import_id)
    if brought.state not in (ImportState.MATCHING, ImportState.JUDGED):
        return redirect(url_for("order_imports.show", import_id=import_id), 303)
    columns = brought.columns or guess_columns(brought.headings)
    return _mapping_page(brought, OrderColumns(columns=columns, words=brought.words))


@bp.post("/<int:import_id>/mapping")
@requires(Permission.ORDERS_IMPORT)
def match(import_id: int) -> ResponseReturnValue:
    """Keep how the file is read, and judge its orders."""
    brought = get_import(import_id)
    wanted = columns_of(request.form, request.form.getlist("words"))
    if "look" in request.form:
        return _mapping_page(brought, wanted)
    try:
        wanted.check(brought.headings)
        words = {one["word"]: one["chosen"] for one in _words(brought, wanted)}
        if len(words) > MOST_WORDS:
            raise InvalidInput(_MANY_WORDS, field=OrderField.STATUS.value)
        if not all(words.values()):
            return _mapping_page(brought, wanted, asks_words=True), 422
        wanted = OrderColumns(columns=wanted.columns, words=words)
        matching.match(import_id, wanted, actor=current_actor(), now=utc_now())
    except InvalidInput as error:
        return _mapping_page(brought, wanted, error=error), 422
    except DomainError as error:
        return _page(import_id, error=sentence(error)), status_of(error)
    return redirect(url_for("order_imports.show", import_id=import_id), 303)


@bp.post("/<int:import_id>/taking/")
@requires(Permission.ORDERS_IMPORT)
def take(import_id: int) -> ResponseReturnValue:
    """Take what was judged good."""
    try:
        taking.agree(import_id, actor=current_actor(), now=utc_now())
    except DomainError as error:
        return _page(import_id, error=sentence(error)), status_of(error)
    return redirect(url_for("order_imports.show", import_id=import_id), 303)


@bp.post("/<int:import_id>/cells/")
@requires(Permission.ORDERS_IMPORT)
def mend(import_id: int) -> ResponseReturnValue:
    """Change cells of refused rows and judge them anew."""
    try:
        mending.mend(import_id, cells_of(request.form), actor=current_actor(), now=utc_now())
    except DomainError as error:
        return _page(import_id, error=sentence(error)), status_of(error)
    return redirect(url_for("order_imports.show", import_id=import_id), 303)


@bp.post("/<int:import_id>/removal/")
@requires(Permission.ORDERS_IMPORT)
def drop(import_id: int) -> ResponseReturnValue:
    """Throw away what was not taken."""
    try:
        dropping.drop(import_id, actor=current_actor(), now=utc_now())
    except DomainError as error:
        return _page(import_id, error=sentence(error)), status_of(error)
    flash(gettext("Thrown away. Nothing of it was taken."), "done")
    return redirect(url_for("order_imports.index"), 303)


@bp.get("/<int:import_id>/refused.csv")
@requires(Permission.ORDERS_IMPORT, audit="order_import.exported")
def export(import_id: int) -> Response:
    """The refused rows as they came, with a column of reasons."""
    brought = get_import(import_id)
    name = f"{gettext('refused orders')}-{brought.id}"
    return csv_response(name, refused_columns(brought), refused_rows(import_id))


def _index(form: FileForm) -> str:
    page = page_of(select_imports(), [OrderImport.id], cursor=request.args.get("cursor"))
    return render_template(
        "order_imports/index.html",
        form=form,
        most_rows=f"{MOST_ROWS:,}",
        most_size=f"{MOST_BYTES // 1024**2} MB",
        page=paging(page),
        rows=[_summary(brought) for brought in page.rows],
    )


def _summary(brought: OrderImport) -> dict[str, Any]:
    return {
        "brought": brought,
        "href": url_for("order_imports.show", import_id=brought.id),
        "state": LABELS[brought.state],
        "name": brought.name or gettext("File no. %(number)s", number=brought.id),
    }


def _mapping_page(
    brought: OrderImport,
    wanted: OrderColumns,
    *,
    asks_words: bool = False,
    error: InvalidInput | None = None,
) -> str:
    samples = samples_of(brought.id, SAMPLES)
    words = _words(brought, wanted)
    return render_template(
        "order_imports/mapping.html",
        form=PostForm(formdata=None),
        brought=brought,
        is_known=bool(brought.columns),
        groups=[
            (
                gettext("The order"),
                [_field(one, brought, wanted, samples, error) for one in _ORDER],
            ),
            (
                gettext("Its items"),
                [_field(one, brought, wanted, samples, error) for one in ITEM_FIELDS],
            ),
        ],
        headings=brought.headings,
        words=words,
        has_many_words=len(words) > MOST_WORDS,
        statuses=[(one.value, str(LABELS[one])) for one in BookedStatus],
        asks_words=asks_words,
        error=sentence(error) if error is not None else "",
    )


_ORDER = tuple(one for one in OrderField if one not in ITEM_FIELDS)


def _field(
    field: OrderField,
    brought: OrderImport,
    wanted: OrderColumns,
    samples: Sequence[Sequence[str]],
    error: InvalidInput | None,
) -> dict[str, Any]:
    chosen = wanted.columns.get(field.value, "")
    place = brought.headings.index(chosen) if chosen in brought.headings else None
    shown = [cells[place] for cells in samples if cells[place]] if place is not None else []
    return {
        "name": field.value,
        "label": str(LABELS[field]),
        "is_required": field in REQUIRED,
        "chosen": chosen,
        "samples": " · ".join(one[:40] for one in shown),
        "error": sentence(error) if error is not None and error.field == field.value else "",
    }


def _words(brought: OrderImport, wanted: OrderColumns) -> list[dict[str, str]]:
    """The different texts of the status column, and what each means."""
    heading = wanted.columns.get(OrderField.STATUS.value, "")
    if heading not in brought.headings:
        return []
    known = {one.value for one in BookedStatus}
    found = []
    for word in words_of(brought.id, brought.headings.index(heading), MOST_WORDS):
        guessed = guess_word(word)
        usual = word if word in known else guessed.value if guessed is not None else ""
        found.append({"word": word, "chosen": wanted.words.get(word, usual)})
    return found


def _page(import_id: int, *, error: str = "") -> str | Response:
    brought = get_import(import_id)
    if brought.state is ImportState.MATCHING and not error:
        return redirect(url_for("order_imports.mapping", import_id=import_id), 303)
    is_open = brought.state in (ImportState.JUDGED, ImportState.DONE)
    rows = refused_rows(import_id, MOST_MENDED) if is_open else []
    twin = find_twin(brought)
    places = OrderColumns(columns=brought.columns, words={}).places(brought.headings)
    return render_template(
        "order_imports/show.html",
        form=PostForm(formdata=None),
        brought=brought,
        title=brought.name or gettext("File no. %(number)s", number=brought.id),
        state=LABELS[brought.state],
        is_judged=brought.state is ImportState.JUDGED,
        is_done=brought.state is ImportState.DONE,
        is_at_work=brought.state in AT_WORK,
        may_drop=brought.state in (ImportState.MATCHING, ImportState.JUDGING, ImportState.JUDGED),
        wait=REFRESH_SECONDS if brought.state in AT_WORK else "",
        has_news=bool(brought.to_add or brought.to_change),
        is_long=brought.row_count > AT_ONCE,
        twin_href=url_for("order_imports.show", import_id=twin.id) if twin else "",
        twin=twin,
        previews=[_preview(number, changes) for number, changes in brought.previews],
        rows=[_refused(row, places) for row in rows],
        refused_count=count_refused(import_id) if is_open else 0,
        error=error,
    )


def _preview(number: str, changes: Sequence[Sequence[str]]) -> dict[str, Any]:
    lines = [
        (
            field_label(name),
            f"{before or '–'} → {after or '–'}" if before or after else gettext("changed"),
        )
        for name, before, after in changes
    ]
    return {"number": number, "lines": lines}


def _refused(row: OrderImportRow, places: dict[OrderField, int]) -> dict[str, Any]:
    """A row with a control for each cell that a reason names."""
    fields = {field.value: (field, place) for field, place in places.items()}
    wrong = dict(told(row))
    cells = [
        {
            "name": f"cell-{row.line}-{name}",
            "label": str(LABELS[fields[name][0]]),
            "value": row.cells[fields[name][1]],
            "why": text,
        }
        for name, text in wrong.items()
        if name in fields
    ]
    number = places.get(OrderField.ORDER_NUMBER)
    return {
        "line": row.line,
        "number": row.cells[number] if number is not None else "",
        "cells": cells,
        "why": why(row) if len(cells) < len(wrong) or not cells else "",
    }
