"""Orders of a file are taken in: twice they add nothing, and a worker that dies loses nothing."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from admin.domain.actor import Actor
from admin.domain.order_intake import ImportState, OrderOrigin
from admin.domain.order_mapping import guess_columns
from admin.jobs.worker import run_job
from admin.models import AuditEntry, Job, LineItem, Order, OrderImport, db, transaction
from admin.order_imports import judging, steps, taking
from tests.order_imports.outcome import judged, rows_left, taken, the_books
from tests.order_imports.shop import HEADINGS, a_row, as_csv, as_xlsx
from tests.people import Person

COLUMNS = guess_columns(HEADINGS)


@pytest.mark.parametrize("write", [as_csv, as_xlsx])
def test_a_shops_own_file_comes_in(
    write: Callable[..., bytes], bring: Callable[..., OrderImport], actor: Actor, now: datetime
) -> None:
    rows = [
        a_row("ORD-1", **{"상품명": "의자", "상품금액": "10,000"}),
        a_row("ORD-2", **{"주문상태": "취소완료"}),
        a_row("ORD-1", **{"상품명": "책상", "수량": "2", "상품금액": "20,000"}),
    ]
    brought = bring(write(rows))
    assert (brought.state, judged(brought)) == (ImportState.JUDGED, (2, 0, 0, 0))
    assert db.session.query(Order).count() == 0, "judging takes nothing"

    done = taking.agree(brought.id, actor=actor, now=now)

    assert (done.state, taken(done)) == (ImportState.DONE, (2, 0, 0, 0))
    assert rows_left() == 0, "what was taken is not kept twice"
    first = db.session.scalars(sa.select(Order).where(Order.order_number == "ORD-1")).one()
    assert first.ordered_at == datetime(2026, 3, 10, 3, tzinfo=UTC)
    assert (first.amount_minor, first.order_name) == (30_000, "의자")
    assert (first.origin, first.came_at) == (OrderOrigin.FILE, now)
    assert [(one.name, one.quantity) for one in first.items] == [("의자", 1), ("책상", 2)]
    trail = db.session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert [one for one in trail if one.startswith("order_import")] == [
        "order_import.brought",
        "order_import.matched",
        "order_import.agreed",
        "order_import.taken",
    ]


def test_a_file_goes_its_way_on_the_pages(finance: Person) -> None:
    content = as_csv([a_row("ORD-1"), a_row("ORD-2")])
    made = finance.post(
        "/orders/imports/",
        {"file": (io.BytesIO(content), "주문.csv")},
        content_type="multipart/form-data",
    )
    assert made.status_code == 303
    page = finance.get(made.location).text
    form = {f"column-{field}": heading for field, heading in COLUMNS.items()}
    for heading in COLUMNS.values():
        assert f'<option value="{heading}" selected>' in page
    judged_page = finance.post(made.location, {**form, "words": "결제완료", "word-0": "paid"})
    assert judged_page.status_code == 303
    here = judged_page.location
    assert "/taking/" in finance.get(here).text
    assert finance.post(f"{here}/taking/").status_code == 303
    assert finance.post(f"{here}/taking/").status_code == 409, "it is taken once"
    assert len(the_books()) == 2
    assert "주문.csv" in finance.get("/orders/imports/").text
    assert finance.post(f"{here}/removal/").status_code == 409


def test_the_same_file_twice_adds_nothing_and_says_so(
    take: Callable[..., Any], finance: Person
) -> None:
    rows = [a_row("ORD-1"), a_row("ORD-2")]
    first, second = take(rows), take(rows)

    assert taken(second) == (0, 0, 2, 0)
    assert db.session.query(Order).count() == 2
    assert db.session.query(LineItem).count() == 2
    page = finance.get(f"/orders/imports/{second.id}").text
    assert f'href="/orders/imports/{first.id}"' in page
    assert (
        f'href="/orders/imports/{second.id}"' not in finance.get(f"/orders/imports/{first.id}").text
    )


@given(
    st.lists(
        st.tuples(st.integers(1, 6), st.sampled_from(["의자", "책상", "선반"]), st.integers(1, 9)),
        min_size=1,
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_twice_adds_nothing_and_the_order_of_rows_does_not_matter(
    take: Callable[..., Any], lines: list[tuple[int, str, int]], shuffle: random.Random
) -> None:
    rows = [
        a_row(f"ORD-{number}", **{"상품명": name, "수량": str(many)})
        for number, name, many in lines
    ]
    with transaction():
        db.session.execute(sa.delete(LineItem))
        db.session.execute(sa.delete(Order))
    orders = len({number for number, _, _ in lines})
    assert taken(take(rows))[:2] == (orders, 0)
    before = the_books()

    shuffle.shuffle(rows)
    again = take(rows)

    assert taken(again) == (0, 0, orders, 0)
    assert the_books() == before


def test_what_a_file_has_no_column_for_stays_as_it_is(
    take: Callable[..., Any], bring: Callable[..., OrderImport], actor: Actor, now: datetime
) -> None:
    take([a_row("ORD-1")])
    short = ("주문번호", "주문일시", "주문명", "주문상태", "결제금액(원)")
    row = {name: cell for name, cell in a_row("ORD-1", 주문명="책장").items() if name in short}
    brought = bring(as_csv([{**row, "결제금액(원)": "31,000"}], short))
    taking.agree(brought.id, actor=actor, now=now)

    order = db.session.scalars(sa.select(Order).execution_options(populate_existing=True)).one()
    assert (order.amount_minor, order.order_name) == (31_000, "책장")
    assert (order.buyer_name, order.buyer_tel) == ("이도윤", "010-1234-4821")
    assert [item.name for item in order.items] == ["원목 책장"]


def run_jobs(name: str) -> None:
    query = sa.select(Job.id).where(Job.name == name).order_by(Job.id)
    for job_id in list(db.session.scalars(query)):
        run_job(job_id)


def test_a_long_file_is_judged_and_taken_by_a_worker(
    bring: Callable[..., OrderImport],
    actor: Actor,
    now: datetime,
    monkeypatch: Any,
    finance: Person,
) -> None:
    monkeypatch.setattr(steps, "AT_ONCE", 5)
    monkeypatch.setattr(steps, "BATCH", 2)
    brought = bring(as_csv([a_row(f"ORD-{n}") for n in range(7)]))
    assert brought.state is ImportState.JUDGING
    assert 'data-refresh="2"' in finance.get(f"/orders/imports/{brought.id}").text
    run_jobs(judging.JUDGE)
    assert judged(steps.get_import(brought.id)) == (7, 0, 0, 0)

    assert taking.agree(brought.id, actor=actor, now=now).state is ImportState.TAKING
    assert the_books() == []
    run_jobs(taking.TAKE)

    done = steps.get_import(brought.id)
    assert (done.state, taken(done), done.done) == (ImportState.DONE, (7, 0, 0, 0), 7)
    assert len(the_books()) == 7


class Died(Exception):
    """As when the process is killed between two batches."""


def test_a_worker_that_dies_half_way_is_followed_by_one_that_takes_the_rest(
    bring: Callable[..., OrderImport], actor: Actor, now: datetime, monkeypatch: Any
) -> None:
    monkeypatch.setattr(steps, "AT_ONCE", 5)
    monkeypatch.setattr(steps, "BATCH", 2)
    brought = bring(as_csv([a_row(f"ORD-{n}") for n in range(11)]))
    judging.judge(brought.id)
    taking.agree(brought.id, actor=actor, now=now)

    def die(done: int, total: int) -> None:
        if done == 4:
            raise Died

    with pytest.raises(Died):
        taking.take_all(brought.id, now=now, report=die)
    assert (len(the_books()), rows_left()) == (4, 7)

    def die_at_once(done: int, total: int) -> None:
        raise Died

    def overtaken(done: int, total: int) -> None:
        """Another worker takes the next batch while this one is between two, and dies."""
        if rows_left():
            with pytest.raises(Died):
                taking.take_all(brought.id, now=now, report=die_at_once)

    taking.take_all(brought.id, now=now, report=overtaken)

    done = steps.get_import(brought.id)
    assert (done.state, taken(done)) == (ImportState.DONE, (11, 0, 0, 0))
    assert len(the_books()) == 11
