"""Exports: ask for one, follow it, download it, read its passport, take it back."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import (
    Blueprint,
    Response,
    flash,
    g,
    redirect,
    render_template,
    request,
    send_file,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.accounts.second_factor import has_second_factor, note_refused_code
from admin.columns.offered import OfferedList, Question
from admin.columns.order import in_order
from admin.columns.service import chosen_columns
from admin.domain.card_guard import holds_card_number
from admin.domain.clock import utc_now
from admin.domain.errors import InvalidInput
from admin.domain.export import (
    AT_ONCE,
    SHORTEST_REASON,
    UNDER_WAY,
    AlreadyEnded,
    CodeRefused,
    ExportKind,
    ExportNotReady,
    ExportState,
)
from admin.domain.money import Money
from admin.domain.permissions import Permission
from admin.exports import asking, ending, making
from admin.exports.forms import ExportForm, RevokeForm
from admin.exports.handing import open_file
from admin.exports.lists import offered_list
from admin.exports.passport import (
    as_text,
    column_words,
    cover_lines,
    cover_name,
    file_name,
    page_lines,
    size_words,
)
from admin.exports.queries import select_exports, sum_up
from admin.exports.steps import get_export
from admin.exports.tasks import export_folder
from admin.models import Export
from admin.web.access import can, current_actor, person, requires, signed_in
from admin.web.errors import sentence, show_at_field, status_of
from admin.web.i18n import language
from admin.web.keyset import page_of
from admin.web.labels import LABELS
from admin.web.links import asked, paging
from admin.web.security import limiter
from admin.web.spreadsheet import XLSX, disposition

bp = Blueprint("exports", __name__, url_prefix="/exports")

REFRESH_SECONDS = 2
HANDED_OVER = "export_to_hand_over"
LIMIT = "10 per hour"  # of one person
GUESSES = "10 per hour"  # wrong codes of one person


@bp.get("/")
@requires(Permission.PAYMENTS_EXPORT, audit="exports.searched")
def index() -> ResponseReturnValue:
    """One's own exports, newest first; an auditor sees everyone's."""
    actor = current_actor()
    sees_all = actor.may(Permission.AUDIT_READ)
    query = select_exports(made_by=None if sees_all else actor.operator_id)
    page = page_of(query, [Export.id], cursor=request.args.get("cursor"))
    now = utc_now()
    return render_template(
        "exports/index.html",
        page=paging(page),
        rows=[_row(export, export.state_at(now)) for export in page.rows],
        sees_all=sees_all,
    )


@bp.get("/new")
@requires(Permission.PAYMENTS_EXPORT)
def new() -> ResponseReturnValue:
    """The form over a list as it was looked at: `list`, and the list's own query string."""
    offered = offered_list(request.args.get("list", ""))
    current_actor().require(offered.permission)
    kept = [(name, value) for name, value in asked() if name not in ("list", "kind", "cursor")]
    known = offered.columns(True, utc_now())
    names = [column.name for column in known]
    chosen = chosen_columns(current_actor().operator_id, offered.name)
    remembered = [name for name in chosen if name in names]
    form = ExportForm(formdata=None)
    form.prepare(
        list_name=offered.name,
        query=urlencode(kept),
        kind=request.args.get("kind", ""),
        columns=remembered or [column.name for column in known if column.is_usual],
    )
    return _form_page(form, offered)


@bp.post("/")
@requires(Permission.PAYMENTS_EXPORT)
@limiter.limit(LIMIT, key_func=person, deduct_when=lambda answer: answer.status_code == 303)
@limiter.limit(GUESSES, key_func=person, deduct_when=lambda _: "code_refused" in g)
def create() -> ResponseReturnValue:
    """Write a short list at once, ask a worker for a long one; or move a column up."""
    form = ExportForm()
    offered = offered_list(form.list_name.data or "")
    if (moved := request.form.get("up")) is not None:
        return _form_page(form, offered, up=moved)
    if holds_card_number(form.query.data or "") or not form.validate_on_submit():
        return _form_page(form, offered), 422
    now = utc_now()
    try:
        command = form.to_command(language=language())
        code = form.code.typed()
        export = asking.ask(command, code=code, actor=current_actor(), now=now)
    except InvalidInput as error:
        if isinstance(error, CodeRefused):
            g.code_refused = True
            note_refused_code(current_actor(), now=now)
        show_at_field(form, error, otherwise="columns")
        return _form_page(form, offered), 422
    if export.all_rows <= AT_ONCE:
        making.make(
            export.id,
            folder=export_folder(),
            cover=partial(cover_lines, now=now),
            cover_name=cover_name(),
            now=now,
        )
        session[HANDED_OVER] = export.id
    return redirect(url_for("exports.show", export_id=export.id), 303)


@bp.get("/<int:export_id>")
@requires(Permission.PAYMENTS_EXPORT, audit="export.viewed")
def show(export_id: int) -> ResponseReturnValue:
    """The passport, and how far the file is."""
    return _page(export_id)


@bp.get("/<int:export_id>/file")
@requires(Permission.PAYMENTS_EXPORT, audit="export.downloaded")
def download(export_id: int) -> ResponseReturnValue:
    """The file itself."""
    now = utc_now()
    try:
        export, path = open_file(export_id, folder=export_folder(), actor=current_actor(), now=now)
    except ExportNotReady as error:
        return _page(export_id, error=sentence(error)), status_of(error)
    kind = "text/csv" if export.kind is ExportKind.CSV else XLSX
    answer = send_file(path, mimetype=kind, conditional=False, etag=False)
    answer.headers["Content-Disposition"] = disposition(file_name(export))
    return answer


@bp.get("/<int:export_id>/passport.txt")
@requires(Permission.PAYMENTS_EXPORT, audit="export.viewed")
def passport(export_id: int) -> ResponseReturnValue:
    """The passport as a small text to be filed beside the file."""
    export = get_export(export_id, actor=current_actor())
    text = as_text(_passport(export), file_name(export))
    name = file_name(export).rpartition(".")[0] + ".txt"
    headers = {"Content-Disposition": disposition(name)}
    return Response(f"\ufeff{text}", mimetype="text/plain", headers=headers)


@bp.post("/<int:export_id>/cancellation/")
@requires(Permission.PAYMENTS_EXPORT)
def cancel(export_id: int) -> ResponseReturnValue:
    """Stop what is being written."""
    try:
        ending.cancel(export_id, actor=current_actor(), now=utc_now())
    except AlreadyEnded as error:
        return _page(export_id, error=sentence(error)), status_of(error)
    return redirect(url_for("exports.show", export_id=export_id), 303)


@bp.post("/<int:export_id>/revocation/")
@requires(Permission.EXPORTS_REVOKE)
def revoke(export_id: int) -> ResponseReturnValue:
    """Take the purpose back and delete the file."""
    form = RevokeForm()
    if not form.validate_on_submit():
        return _page(export_id, form=form), 422
    try:
        ending.revoke(
            export_id,
            form.reason.data or "",
            folder=export_folder(),
            actor=current_actor(),
            now=utc_now(),
        )
    except InvalidInput as error:
        form.reason.errors = [sentence(error)]
        return _page(export_id, form=form), 422
    except AlreadyEnded as error:
        return _page(export_id, error=sentence(error)), status_of(error)
    flash(gettext("Revoked. The file is deleted; whoever checks a copy is told."), "done")
    return redirect(url_for("exports.show", export_id=export_id), 303)


def _form_page(form: ExportForm, offered: OfferedList, *, up: str = "") -> str:
    now, operator = utc_now(), signed_in()
    question = offered.read(form.query.data or "", now)
    columns = in_order(offered.columns(True, now), form.columns.data or ())
    names = [column.name for column in columns]
    if up in names[1:]:
        place = names.index(up)
        columns[place - 1 : place + 1] = reversed(columns[place - 1 : place + 1])
    return render_template(
        "exports/new.html",
        form=form,
        title=offered.title(),
        back=f"{url_for(offered.endpoint)}?{form.query.data or ''}",
        words=question.words,
        problem=question.problem,
        sums=_sums(question),
        columns=columns,
        chosen=set(form.columns.data or ()),
        may_unmask=can(Permission.EXPORTS_UNMASKED.value),
        has_code=operator is not None and has_second_factor(operator),
        at_once=AT_ONCE,
        least=SHORTEST_REASON,
    )


def _sums(question: Question) -> dict[str, Any] | None:
    """What the file will hold; nothing while the list cannot be asked like that."""
    if question.problem:
        return None
    sums = sum_up(question)
    amounts = {"gross": sums.gross, "cancelled": sums.cancelled, "net": sums.net}
    return {"count": sums.count, **{name: Money(minor) for name, minor in amounts.items()}}


def _page(export_id: int, *, error: str = "", form: RevokeForm | None = None) -> str:
    actor, now = current_actor(), utc_now()
    export = get_export(export_id, actor=actor)
    state = export.state_at(now)
    is_handed_over = session.get(HANDED_OVER) == export_id and state is ExportState.READY
    if is_handed_over:
        session.pop(HANDED_OVER)
    return render_template(
        "exports/show.html",
        export=export,
        state=LABELS[state],
        title=file_name(export),
        lines=_passport(export),
        is_ready=state is ExportState.READY,
        is_under_way=state in UNDER_WAY,
        wait=REFRESH_SECONDS if state in UNDER_WAY else "",
        begins=url_for("exports.download", export_id=export_id) if is_handed_over else "",
        may_revoke=can(Permission.EXPORTS_REVOKE.value)
        and state in (ExportState.READY, ExportState.EXPIRED),
        form=form or RevokeForm(formdata=None),
        error=error,
        problem=gettext(export.problem) if export.problem else "",
    )


def _passport(export: Export) -> list[tuple[str, str]]:
    lines = page_lines(export)
    return [*lines, (gettext("Columns"), column_words(export, export.created_at))]


def _row(export: Export, state: ExportState) -> dict[str, Any]:
    return {
        "export": export,
        "state": LABELS[state],
        "href": url_for("exports.show", export_id=export.id),
        "title": offered_list(export.list_name).title(),
        "words": " · ".join(value for _, value in export.words),
        "size": size_words(export.size),
        "until": export.expires_at if state is ExportState.READY else None,
    }
