"""A file written in the background: stopped, begun again, never torn, never half."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from admin.domain.export import AlreadyEnded, ExportKind, ExportNotReady, ExportState
from admin.domain.job import JobState
from admin.exports import asking, ending, making, writing
from admin.exports.handing import open_file
from admin.exports.steps import MAKE
from admin.jobs.worker import run_job
from admin.models import Job, db, transaction
from tests.exports.inside import asked, make, the_export, the_job
from tests.exports.taking import ask

EN = {"headers": {"Accept-Language": "en"}}


def test_a_long_list_is_written_by_a_worker_in_the_makers_language(
    finance, shop, folder, monkeypatch
):
    monkeypatch.setitem(asking.ask.__kwdefaults__, "at_once", 30)
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
        ending.cancel(export.id, actor=actor, now=now)

    assert make(export, folder, now, report=stop) is None
    assert the_export().state is ExportState.CANCELLED
    assert the_export().done_rows < 40
    assert list(folder.path.iterdir()) == []
    with pytest.raises(AlreadyEnded):
        ending.cancel(export.id, actor=actor, now=now)


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
        open_file(export.id, folder=folder, actor=actor, now=now)

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
    _, path = open_file(export.id, folder=folder, actor=actor, now=now)
    assert path.read_bytes().count(b"\r\n") == 41


@pytest.mark.parametrize(("begins_at", "reports"), [(14, 1), (40, 4)])
def test_a_writer_stops_as_soon_as_another_has_begun(actor, shop, folder, now, begins_at, reports):
    """At the next report, and at the latest before it would hand its file over."""
    export = asked(actor, now)
    seen: list[int] = []

    def slow(done: int, total: int) -> None:
        seen.append(done)
        if done == begins_at:
            making._begin(export.id, now=now)

    assert make(export, folder, now, report=slow) is None
    assert len(seen) == reports
    assert (the_export().state, the_export().attempt) == (ExportState.WRITING, 2)
    assert list(folder.path.iterdir()) == []


def test_what_nobody_writes_any_more_is_taken_up_and_at_last_given_up(actor, shop, folder, now):
    export = asked(actor, now)
    later = now + timedelta(minutes=11)
    ending.sweep(folder=folder, now=now)
    assert db.session.scalars(sa.select(Job).where(Job.name == MAKE)).all() == []
    ending.sweep(folder=folder, now=later)
    assert the_job().payload == {"export_id": export.id}
    with transaction():
        db.session.execute(sa.update(Job).values(state=JobState.FAILED))
    ending.sweep(folder=folder, now=later)
    assert (the_export().state, the_export().problem) == (ExportState.FAILED, ending.GAVE_UP)


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
        making.TOTALS_DIFFER,
    )
    assert list(folder.path.iterdir()) == []
