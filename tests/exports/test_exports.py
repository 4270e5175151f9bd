"""A list taken away: at once or by a worker, stopped, begun again, handed out for a day."""

from __future__ import annotations

import csv
import io
import stat
from datetime import timedelta

import openpyxl
import pytest
import sqlalchemy as sa

from admin.columns.service import chosen_columns
from admin.domain.actor import Actor
from admin.domain.clock import utc_now
from admin.domain.errors import NotAllowed
from admin.domain.export import (
    LIFETIME,
    AlreadyEnded,
    ExportKind,
    ExportNotReady,
    ExportState,
)
from admin.domain.job import JobState
from admin.domain.permissions import Role
from admin.exports import service, writing
from admin.exports.files import ExportFolder
from admin.exports.service import MAKE, ExportCommand
from admin.exports.tasks import export_folder
from admin.jobs.worker import run_job
from admin.models import AuditEntry, Export, Job, db, transaction
from admin.web.i18n import speaking
from tests.conftest import add_operator
from tests.exports.taking import USUAL, ask, fill_in, take
from tests.payments.trade import a_payment, failed, refunded, take_in
from tests.people import AuthenticatorApp, Person

HOUR = timedelta(hours=1)
EN = {"headers": {"Accept-Language": "en"}}
PEOPLE = {"buyer_tel": "010-1234-4821", "buyer_email": "doyun@mail.example"}


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seams between batches and reports, with few rows."""
    monkeypatch.setattr(writing, "BATCH", 7)
    monkeypatch.setattr(writing, "REPORT_EVERY", 10)


@pytest.fixture
def folder(app: object) -> ExportFolder:
    place = export_folder()
    for one in place.path.glob("*"):
        one.unlink()
    return place


@pytest.fixture
def shop(stand_in, gateway, now) -> None:
    """Forty payments; every third has something given back, one never came."""
    rows = [
        refunded(number, now - HOUR, 4_000, **PEOPLE)
        if number % 3 == 0
        else a_payment(number, now - HOUR - timedelta(minutes=number), **PEOPLE)
        for number in range(1, 40)
    ]
    take_in(stand_in, gateway, *rows, failed(40, now - HOUR), now=now)


def command(**changed: object) -> ExportCommand:
    wish = {
        "list_name": "payments",
        "query": "period=all",
        "columns": tuple(USUAL),
        "kind": ExportKind.CSV,
        "masked": True,
        "reason": "month-end books",
        "language": "ko",
        "form_key": "form-1",
    }
    return ExportCommand(**{**wish, **changed})  # type: ignore[arg-type]


def no_cover(export, sums, counted, root) -> list[tuple[str, str]]:
    return [("Mark", f"jangbu:export:{export.id}:{root}")]


def asked(actor: Actor, now, **changed: object) -> Export:
    with speaking("ko"):
        return service.ask(command(**changed), actor=actor, now=now)


def make(export: Export, folder: ExportFolder, now, **options: object) -> Export | None:
    with speaking("ko"):
        return service.make(
            export.id, folder=folder, cover=no_cover, cover_name="Cover", now=now, **options
        )


def the_export() -> Export:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(sa.select(Export)).one()


def the_job() -> Job:
    return db.session.scalars(sa.select(Job).where(Job.name == MAKE)).one()


def actions() -> list[str]:
    found = db.session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id))
    return [one for one in found if one.startswith("export.")]


def asked_facts() -> tuple[str, str]:
    """Of the file asked for last: whether it is masked, and whether a code was taken."""
    entry = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.action == "export.asked").order_by(AuditEntry.id)
    ).all()[-1]
    return entry.facts["masked"], entry.facts["stepped_up"]


def as_actor(role: Role) -> Actor:
    operator = add_operator(role)
    return Actor(name=operator.name, operator_id=operator.id, role=role)


# -- at once --------------------------------------------------------------------------------------


def test_a_short_list_is_handed_over_at_once_with_what_it_adds_up_to(finance, shop, folder):
    answer = ask(finance, "period=all")
    page = finance.get(answer.location)
    export = the_export()

    assert export.state is ExportState.READY
    assert (export.count, export.gross_minor, export.cancelled_minor) == (40, 390_000, 52_000)
    assert export.written == export.sums
    assert f'http-equiv="refresh" content="0; url=/exports/{export.id}/file"' in page.text
    assert "http-equiv" not in finance.get(answer.location).text, "it begins by itself only once"
    assert "338,000원" in page.text
    file = folder.file(export.token, ExportKind.CSV)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert finance.get(f"/exports/{export.id}/file", buffered=True).data == file.read_bytes()
    assert actions() == [
        "export.asked",
        "export.made",
        "export.viewed",
        "export.viewed",
        "export.downloaded",
    ]
    assert db.session.scalars(sa.select(Job).where(Job.name == MAKE)).all() == []


def test_a_workbook_holds_the_data_first_and_its_passport_second(finance, shop, folder):
    body = take(finance, "period=all&state=paid", kind="xlsx", language="en").data
    book = openpyxl.load_workbook(io.BytesIO(body))
    data, cover = book.worksheets

    assert data.max_row == 1 + 26
    passport = {row[0]: row[1] for row in cover.iter_rows(values_only=True)}
    assert passport["Reason"] == "month-end books"
    assert passport["Made by"] == finance.operator.name
    assert passport["Status"] == "Paid"
    assert passport["Rows"].startswith("26 ")
    assert passport["Gross"].startswith("260,000 KRW ")
    assert passport["Mark"].startswith(f"jangbu:export:{the_export().id}:")


def test_the_passport_of_a_csv_is_a_text_beside_it(finance, shop, folder):
    take(finance, "period=all")
    answer = finance.get(f"/exports/{the_export().id}/passport.txt")
    assert answer.mimetype == "text/plain"
    assert the_export().sha256 in answer.text
    assert "month-end books" in answer.text


def test_columns_come_in_the_order_chosen_and_are_remembered(finance, shop, folder):
    chosen = ["amount_minor", "imp_uid", "pg_tid"]
    file = take(finance, "period=all", columns=chosen, language="en").data.decode("utf-8-sig")
    assert file.splitlines()[0] == "Amount,Payment id,KCP transaction no."
    assert chosen_columns(finance.operator.id, "payments") == chosen
    page = finance.get("/exports/new?list=payments").text
    assert page.index("column-amount_minor") < page.index("column-imp_uid")
    assert page.index("column-pg_tid") < page.index("column-merchant_uid")


def test_a_column_moves_up_and_nothing_is_made(finance, shop):
    answer = finance.post("/exports/", fill_in(finance, columns=["imp_uid", "left"], up="left"))
    assert answer.status_code == 200
    assert answer.text.index("column-left") < answer.text.index("column-imp_uid")
    assert db.session.scalars(sa.select(Export)).all() == []


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"columns": []}, "Choose at least one column."),
        ({"columns": ["password"]}, "Choose at least one column."),
        ({"reason": "abcd"}, "at least 5 characters"),
        ({"reason": "card 4111111111111111"}, "looks like a card number"),
    ],
)
def test_what_cannot_be_taken_away_says_why(finance, shop, changed, sentence):
    answer = ask(finance, "period=all", language="en", **changed)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert db.session.scalars(sa.select(Export)).all() == []


def test_without_personal_columns_no_reason_is_asked(finance, shop, folder):
    take(finance, "period=all", columns=["imp_uid", "amount_minor"], reason="")
    assert not the_export().is_personal


def test_a_search_that_cannot_be_read_never_becomes_the_whole_list(finance, shop, folder):
    for query in ("from_day=nonsense", "from_day=2026-11-02&to_day=2026-11-01", "q=" + "x" * 201):
        page = finance.get(f"/exports/new?list=payments&{query}", **EN)
        assert "The list cannot be asked like that" in page.text
        assert ask(finance, query).status_code == 422
    assert db.session.scalars(sa.select(Export)).all() == []


def test_the_same_form_sent_twice_is_one_file(finance, shop, folder):
    form = fill_in(finance, "period=all")
    first, second = (finance.post("/exports/", form).location for _ in range(2))
    assert first == second
    assert the_export().attempt == 1


# -- who sees whom --------------------------------------------------------------------------------


def test_people_are_masked_unless_the_role_may_and_asks(sign_in, shop, folder):
    finance, manager = sign_in(Role.FINANCE), sign_in(Role.MANAGER)
    assert "unmasked" not in finance.get("/exports/new?list=payments").text
    forged = take(finance, "period=all", unmasked="y").text
    assert "010-••••-4821" in forged
    assert "010-1234-4821" not in forged
    assert "010-••••-4821" in take(manager, "period=all").text
    assert "010-1234-4821" in take(manager, "period=all", unmasked="y").text
    masked = db.session.scalars(sa.select(Export.is_masked).order_by(Export.id)).all()
    assert masked == [True, True, False]


def test_personal_data_in_full_take_a_code_of_whoever_has_an_app(sign_in, shop, folder):
    manager = sign_in(Role.MANAGER)
    phone = AuthenticatorApp(manager.operator.id)
    full = {"unmasked": "y", "language": "en"}

    without = ask(manager, "period=all", **full)
    assert without.status_code == 422
    assert "Type the code that your authenticator app shows" in without.text

    guess = f"{(int(phone.code(utc_now())) + 7) % 1_000_000:06}"
    wrong = ask(manager, "period=all", code=guess, **full)
    assert wrong.status_code == 422
    assert "This code is wrong, or was used already. No file was made" in wrong.text
    assert guess not in wrong.text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Export)) == 0
    assert "second_factor.refused" in db.session.scalars(sa.select(AuditEntry.action)).all()

    code = phone.code(utc_now())
    assert "010-1234-4821" in take(manager, "period=all", code=code, **full).text
    assert asked_facts() == ("False", "True")
    again = ask(manager, "period=all", code=code, **full)
    assert again.status_code == 422
    assert the_export().is_masked is False


def test_masked_files_and_files_without_people_take_no_code(sign_in, shop, folder):
    manager = sign_in(Role.MANAGER)
    AuthenticatorApp(manager.operator.id)
    assert 'name="code"' in manager.get("/exports/new?list=payments").text
    assert "010-••••-4821" in take(manager, "period=all").text
    assert asked_facts() == ("True", "False")
    numbers = ask(manager, "period=all", columns=["imp_uid", "amount_minor"], unmasked="y")
    assert numbers.status_code == 303


def test_who_has_no_app_is_asked_for_no_code(sign_in, shop, folder):
    manager = sign_in(Role.MANAGER)
    assert 'name="code"' not in manager.get("/exports/new?list=payments").text
    assert "010-1234-4821" in take(manager, "period=all", unmasked="y").text
    assert asked_facts() == ("False", "False")


def test_codes_cannot_be_guessed_one_after_the_other(shop, limited):
    manager, other = (
        Person(limited.test_client(), add_operator(Role.MANAGER)).sign_in() for _ in range(2)
    )
    for person in (manager, other):
        phone = AuthenticatorApp(person.operator.id)
    wrong = f"{(int(phone.code(utc_now())) + 7) % 1_000_000:06}"
    form = fill_in(manager, "period=all", unmasked="y", code=wrong)
    answers = [manager.post("/exports/", form).status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]
    theirs = fill_in(other, "period=all", unmasked="y", code=wrong)
    assert other.post("/exports/", theirs).status_code == 422


def test_a_file_is_its_makers_and_the_auditors(sign_in, shop, folder):
    finance, other, manager = sign_in(Role.FINANCE), sign_in(Role.FINANCE), sign_in(Role.MANAGER)
    take(finance, "period=all")
    address = f"/exports/{the_export().id}"
    for path in (address, f"{address}/file", f"{address}/passport.txt"):
        assert other.get(path).status_code == 404
        assert manager.get(path, buffered=True).status_code == 200
    assert other.post(f"{address}/cancellation/").status_code == 404
    assert finance.operator.name not in other.get("/exports/").text
    assert finance.operator.name in manager.get("/exports/").text


def test_who_lost_the_right_to_see_people_loses_the_file(app, shop, folder, now):
    manager = as_actor(Role.MANAGER)
    export = asked(manager, now, masked=False)
    make(export, folder, now)
    demoted = Actor(name=manager.name, operator_id=manager.operator_id, role=Role.FINANCE)
    with pytest.raises(NotAllowed):
        service.open_file(export.id, folder=folder, actor=demoted, now=now)


def test_support_takes_nothing_away(app, shop, now):
    with pytest.raises(NotAllowed):
        asked(as_actor(Role.SUPPORT), now)


# -- in the background ----------------------------------------------------------------------------


def test_a_long_list_is_written_by_a_worker_in_the_makers_language(
    finance, shop, folder, monkeypatch
):
    monkeypatch.setitem(service.ask.__kwdefaults__, "at_once", 30)
    monkeypatch.setattr("admin.exports.views.AT_ONCE", 30)
    answer = ask(finance, "period=all", language="en")
    page = finance.get(answer.location, **EN)
    assert 'data-refresh="2"' in page.text
    assert "Waiting" in page.text

    run_job(the_job().id)

    export = the_export()
    assert (export.state, export.done_rows, the_job().state) == (
        ExportState.READY,
        40,
        JobState.DONE,
    )
    assert the_job().done >= 30
    body = folder.file(export.token, ExportKind.CSV).read_text(encoding="utf-8-sig")
    assert body.startswith("Order no.,")
    assert "Download" in finance.get(answer.location, **EN).text


def test_a_stopped_file_is_not_written_on(actor, shop, folder, now):
    export = asked(actor, now)

    def stop(done: int, total: int) -> None:
        service.cancel(export.id, actor=actor, now=now)

    assert make(export, folder, now, report=stop) is None
    assert the_export().state is ExportState.CANCELLED
    assert the_export().done_rows < 40
    assert list(folder.path.iterdir()) == []
    with pytest.raises(AlreadyEnded):
        service.cancel(export.id, actor=actor, now=now)


class Killed(BaseException):
    """The worker is gone."""


@pytest.mark.parametrize("kind", ExportKind)
def test_a_worker_killed_in_the_middle_leaves_no_half_file_and_the_next_begins_again(
    actor, shop, folder, now, kind
):
    export = asked(actor, now, kind=kind)

    def die(done: int, total: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        make(export, folder, now, report=die)
    db.session.rollback()
    with pytest.raises(ExportNotReady):
        service.open_file(export.id, folder=folder, actor=actor, now=now)

    assert make(export, folder, now) is not None
    done = the_export()
    assert (done.state, done.attempt, done.written_count) == (ExportState.READY, 2, 40)
    assert {one.suffix for one in folder.path.iterdir()} == {f".{kind.value}", ".prints"}


def test_a_writer_that_was_taken_for_dead_does_not_finish_over_its_successor(
    actor, shop, folder, now
):
    export = asked(actor, now)
    written: list[str] = []

    def slow(done: int, total: int) -> None:
        if not written:
            successor = make(export, folder, now)
            written.append(successor.sha256 if successor else "")

    assert make(export, folder, now, report=slow) is None
    assert the_export().sha256 == written[0]
    assert the_export().attempt == 2
    _, path = service.open_file(export.id, folder=folder, actor=actor, now=now)
    assert path.read_bytes().count(b"\r\n") == 41


@pytest.mark.parametrize(("begins_at", "reports"), [(14, 1), (40, 4)])
def test_a_writer_stops_as_soon_as_another_has_begun(actor, shop, folder, now, begins_at, reports):
    """At the next report, and at the latest before it would hand its file over."""
    export = asked(actor, now)
    seen: list[int] = []

    def slow(done: int, total: int) -> None:
        seen.append(done)
        if done == begins_at:
            service._begin(export.id, now=now)

    assert make(export, folder, now, report=slow) is None
    assert len(seen) == reports
    assert (the_export().state, the_export().attempt) == (ExportState.WRITING, 2)
    assert list(folder.path.iterdir()) == []


def test_what_nobody_writes_any_more_is_taken_up_and_at_last_given_up(actor, shop, folder, now):
    export = asked(actor, now)
    later = now + timedelta(minutes=11)
    service.sweep(folder=folder, now=now)
    assert db.session.scalars(sa.select(Job).where(Job.name == MAKE)).all() == []
    service.sweep(folder=folder, now=later)
    assert the_job().payload == {"export_id": export.id}
    with transaction():
        db.session.execute(sa.update(Job).values(state=JobState.FAILED))
    service.sweep(folder=folder, now=later)
    assert (the_export().state, the_export().problem) == (ExportState.FAILED, service.GAVE_UP)


def test_rows_that_change_while_a_file_is_written_do_not_tear_it(actor, shop, folder, now):
    """All rows are of one moment, so what is counted is what was summed."""
    export = asked(actor, now)

    def trade(done: int, total: int) -> None:
        with transaction():
            db.session.execute(
                sa.text("UPDATE payments SET amount_minor = amount_minor + 1, cancelled_minor = 0")
            )

    done = make(export, folder, now, report=trade)
    assert done is not None
    assert done.sums == done.written
    assert done.gross_minor == 390_000


def test_a_file_that_does_not_add_up_is_never_offered(actor, shop, folder, now, monkeypatch):
    export = asked(actor, now)
    real = writing._sums
    wrong = lambda *given: real(*given) + writing.ExportSums(gross=1)  # noqa: E731
    monkeypatch.setattr(writing, "_sums", wrong)
    make(export, folder, now)
    assert (the_export().state, the_export().problem) == (
        ExportState.FAILED,
        service.TOTALS_DIFFER,
    )
    assert list(folder.path.iterdir()) == []


# -- a day, and no longer -------------------------------------------------------------------------


def test_after_a_day_the_file_is_gone_and_its_passport_stays(finance, shop, folder, now):
    take(finance, "period=all")
    export = the_export()
    actor = Actor(name="x", operator_id=finance.operator.id, role=Role.FINANCE)
    late = export.ready_at + LIFETIME
    service.open_file(export.id, folder=folder, actor=actor, now=late - timedelta(seconds=1))
    with pytest.raises(ExportNotReady):
        service.open_file(export.id, folder=folder, actor=actor, now=late)
    assert not folder.file(export.token, export.kind).exists()
    assert service.sweep(folder=folder, now=late) == 1
    assert the_export().state is ExportState.EXPIRED
    assert finance.get(f"/exports/{export.id}/file").status_code == 409
    assert the_export().sha256 in finance.get(f"/exports/{export.id}").text
    assert "export.expired" in actions()


def test_the_sweep_removes_strays_and_nothing_else(finance, shop, folder, now):
    take(finance, "period=all")
    token = "0123456789abcdef" * 3
    strays = [folder.path / f"{token}{ending}" for ending in (".csv", ".1.part", ".prints.1.part")]
    others = folder.path / "somebody's own.csv"
    for one in (*strays, others):
        one.write_text("left")
    service.sweep(folder=folder, now=now)
    assert not any(one.exists() for one in strays)
    assert others.exists()
    export = the_export()
    assert folder.file(export.token, export.kind).exists()
    assert folder.prints(export.token, export.prints_sha256) is not None


def test_a_manager_revokes_a_purpose_and_the_file_is_gone(sign_in, shop, folder):
    finance, manager = sign_in(Role.FINANCE), sign_in(Role.MANAGER)
    body = take(finance, "period=all").data
    export = the_export()
    address = f"/exports/{export.id}/revocation/"
    assert finance.post(address, {"reason": "no longer"}).status_code == 403
    assert manager.post(address, {"reason": "no"}).status_code == 422
    assert manager.post(address, {"reason": "the audit is over"}).status_code == 303
    assert the_export().state is ExportState.REVOKED
    assert not folder.file(export.token, export.kind).exists()
    assert finance.get(f"/exports/{export.id}/file").status_code == 409
    page = finance.post("/exports/check", {"file": (io.BytesIO(body), "any.csv")}, **EN)
    assert "Its purpose was revoked" in page.text
    assert "the audit is over" in page.text


# -- the command line -----------------------------------------------------------------------------


def test_the_command_line_writes_the_same_file_with_its_passport(app, shop, folder, tmp_path):
    out = tmp_path / "file.csv"
    runner = app.test_cli_runner()
    words = ["export", "payments", "--query", "state=paid&period=all", "--out", str(out)]
    refused = runner.invoke(args=words)
    assert refused.exit_code == 1
    assert "at least 5 characters" in refused.output

    result = runner.invoke(args=[*words, "--reason", "month-end books"])
    assert result.exit_code == 0, result.output
    assert the_export().sha256 in result.output
    rows = list(csv.reader(io.StringIO(out.read_text(encoding="utf-8-sig"), newline="")))
    assert len(rows) == 27
    assert stat.S_IMODE(out.stat().st_mode) == 0o600

    assert "unchanged" in runner.invoke(args=["export", "check", str(out)]).output
    out.write_text(out.read_text().replace("ORD-000001", "ORD-999999"))
    changed = runner.invoke(args=["export", "check", str(out)]).output
    assert changed.startswith("changed")
    assert "주문번호" in changed


# -- the same list --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "period=all",
        "period=all&sort=amount&order=up",
        "period=all&basis=cancelled",
        "period=all&state=part_refunded&sort=order",
        "q=원목+책장",
        "q=ORD-00001",
        "q=method%3Acard+책장&order=up",
        "method=card&q=책장",
        "q=nothing-like-it",
    ],
)
def test_the_file_holds_what_the_list_shows_in_its_order(finance, shop, folder, query):
    list_query = query.replace("method=card&q=책장", "q=책장+method%3Acard")
    listed = finance.get(f"/payments/list.json?{list_query}&sums=all").json
    body = take(finance, query, columns=["imp_uid"], reason="").data.decode("utf-8-sig")
    assert body.splitlines()[1:] == [one["imp_uid"] for one in listed["payments"]]
    assert the_export().count == listed["count"]
    assert the_export().gross_minor == listed["gross_minor"]


def test_a_condition_that_cannot_be_read_makes_no_file(finance, shop, folder):
    assert ask(finance, "q=amount%3Amany").status_code == 422
    assert db.session.scalars(sa.select(Export)).all() == []
