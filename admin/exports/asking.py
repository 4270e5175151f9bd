"""Ask for a file of a list: a short one is made while one waits, a long one by a worker."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from admin.accounts.second_factor import TypedCode, WrongCode, has_second_factor
from admin.columns.service import remember_columns
from admin.domain.actor import Actor
from admin.domain.errors import N_, InvalidInput
from admin.domain.export import (
    AT_ONCE,
    MOST_XLSX_ROWS,
    SHORTEST_REASON,
    CodeRefused,
    ExportKind,
    ExportState,
)
from admin.domain.permissions import Permission
from admin.exports.files import TOKEN_BYTES
from admin.exports.lists import offered_list
from admin.exports.queries import find_by_form_key, sum_up
from admin.exports.steps import ask_to_make, columns_named, record_step
from admin.models import Export, Operator, db, transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportCommand:
    """What a person wants to take away, in which form, and what for."""

    list_name: str
    query: str
    columns: tuple[str, ...]
    kind: ExportKind
    masked: bool
    reason: str
    language: str
    form_key: str


def ask(
    command: ExportCommand,
    *,
    actor: Actor,
    now: datetime,
    code: TypedCode | None = None,
    at_once: int = AT_ONCE,
) -> Export:
    """Record the export. Up to `at_once` rows are left to the caller to `make`, more to a job.

    Personal data in full are asked for behind a fresh `code` of whoever has an authenticator app.
    The same form sent twice is one export. Raises InvalidInput for what a person can mend, of
    which CodeRefused is one.
    """
    offered = offered_list(command.list_name)
    actor.require(offered.permission)
    if (earlier := find_by_form_key(command.form_key)) is not None:
        return earlier
    masked = command.masked or not actor.may(Permission.EXPORTS_UNMASKED)
    columns = columns_named(command.columns, offered.columns(masked, now))
    question = offered.read(command.query, now)
    if question.problem:
        raise InvalidInput(N_("The list cannot be asked like that. Mend its search first."))
    is_personal = any(column.is_personal for column in columns)
    if is_personal and len(command.reason) < SHORTEST_REASON:
        raise InvalidInput(_NO_REASON, field="reason", least=SHORTEST_REASON)
    rows = sum_up(question).count
    if command.kind is ExportKind.XLSX and rows > MOST_XLSX_ROWS:
        raise InvalidInput(_TOO_LONG, field="kind", most=f"{MOST_XLSX_ROWS:,}")
    export = Export(
        form_key=command.form_key,
        token=secrets.token_hex(TOKEN_BYTES),
        list_name=offered.name,
        kind=command.kind,
        state=ExportState.QUEUED,
        query=command.query,
        words=[list(pair) for pair in question.words],
        columns=list(command.columns),
        is_personal=is_personal,
        is_masked=masked,
        reason=command.reason,
        language=command.language,
        created_by_id=actor.operator_id,
        created_by=actor.name,
        created_at=now,
        all_rows=rows,
    )
    try:
        with transaction():
            stepped_up = is_personal and not masked and _takes_code(code, actor=actor, now=now)
            db.session.add(export)
            db.session.flush()
            remember_columns(actor.operator_id, offered.name, command.columns, now=now)
            record_step(
                export,
                "asked",
                actor=actor,
                now=now,
                list=offered.name,
                rows=rows,
                personal=is_personal,
                masked=masked,
                reason=command.reason,
                stepped_up=stepped_up,
            )
            if rows > at_once:
                ask_to_make(export, actor=actor, now=now)
    except IntegrityError:
        earlier = find_by_form_key(command.form_key)
        if earlier is None:
            raise
        return earlier
    return export


def _takes_code(code: TypedCode | None, *, actor: Actor, now: datetime) -> bool:
    """Use the code up; False for who has no app to read one from."""
    operator = db.session.get(Operator, actor.operator_id) if actor.operator_id else None
    if operator is None or not has_second_factor(operator):
        return False
    if code is None or not code.text:
        raise InvalidInput(_NO_CODE, field="code")
    try:
        code.use(operator.id, now=now)
    except WrongCode:
        raise CodeRefused(field="code") from None
    return True


_NO_CODE = N_(
    "Type the code that your authenticator app shows: the file has personal data in full."
)
_NO_REASON = N_("Say in at least %(least)s characters what the personal data are for.")
_TOO_LONG = N_("A workbook holds at most %(most)s rows. Choose CSV.")
