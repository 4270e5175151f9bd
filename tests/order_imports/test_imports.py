"""A file of orders from the page: matched, judged, taken, mended; twice it adds nothing."""

from __future__ import annotations

import csv
import html
import io
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from admin.domain.actor import Actor
from admin.domain.errors import InvalidInput
from admin.domain.order_input import OrderField
from admin.domain.order_intake import ImportState, OrderOrigin
from admin.domain.order_mapping import NotMatched, OrderColumns, guess_columns, guess_word
from admin.domain.permissions import Role
from admin.domain.reconciliation.records import BookedStatus
from admin.jobs.worker import run_job
from admin.models import (
    AuditEntry,
    Job,
    LineItem,
    Operator,
    Order,
    OrderImport,
    OrderImportRow,
    OrderMapping,
    db,
    transaction,
)
from admin.order_imports import dropping, judging, matching, mending, staging, steps, taking
from tests.order_imports.shop import HEADINGS, a_row, as_csv, as_xlsx
from tests.people import Person

CARD = "4111-1111-1111-1111"
COLUMNS = guess_columns(HEADINGS)
PAID = {"결제완료": "paid", "취소완료": "cancelled"}


@pytest.fixture
def bring(actor: Actor, now: datetime) -> Callable[..., OrderImport]:
    """Bring a file and have it judged as it can be guessed."""

    def make(content: bytes, name: str = "orders.csv") -> OrderImport:
        staged = staging.stage(io.BytesIO(content), name, actor=actor, now=now)
        wanted = OrderColumns(columns=guess_columns(staged.headings), words=PAID)
        return matching.match(staged.id, wanted, actor=actor, now=now)

    return make


@pytest.fixture
def take(bring: Callable[..., OrderImport], actor: Actor, now: datetime) -> Callable[..., Any]:
    """Bring rows and take them in."""

    def make(rows: list[dict[str, Any]]) -> OrderImport:
        return taking.agree(bring(as_csv(rows)).id, actor=actor, now=now)

    return make


def judged(brought: OrderImport) -> tuple[int, int, int, int]:
    return brought.to_add, brought.to_change, brought.same, brought.refused


def taken(brought: OrderImport) -> tuple[int, int, int, int]:
    return brought.added, brought.changed, brought.unchanged, brought.refused


def rows_left() -> int:
    return db.session.execute(sa.select(sa.func.count(OrderImportRow.line))).scalar_one()


def the_books() -> list[tuple[Any, ...]]:
    """Every order with its items, in an order that does not hang on how they came."""
    db.session.expire_all()
    return sorted(
        (
            order.order_number,
            order.buyer_name,
            order.amount_minor,
            order.status.value,
            sorted((item.name, item.quantity, item.amount_minor) for item in order.items),
        )
        for order in db.session.scalars(sa.select(Order))
    )


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


def test_a_workbooks_own_times_and_numbers_are_read(bring: Callable[..., OrderImport]) -> None:
    cells = {"주문일시": datetime(2026, 3, 10, 12, 30), "결제금액(원)": 30_000, "수량": 2.0}  # noqa: DTZ001 - as a sheet has it
    brought = bring(as_xlsx([a_row("ORD-1", **cells)]))
    assert judged(brought) == (1, 0, 0, 0)


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


def test_a_bad_row_refuses_its_order_alone_and_is_mended_on_the_page(
    bring: Callable[..., OrderImport], finance: Person
) -> None:
    rows = [
        a_row("ORD-1"),
        a_row("ORD-2", **{"수량": "많이"}),
        a_row("ORD-2", **{"상품명": "선반"}),
        a_row("ORD-3", **{"주문일시": "언젠가", "결제금액(원)": "1.5"}),
        a_row("ORD-4"),
    ]
    brought = bring(as_csv(rows))
    assert judged(brought) == (2, 0, 0, 2)
    here = f"/orders/imports/{brought.id}"
    page = html.unescape(finance.get(here).text)
    controls = set(re.findall(r'name="(cell-[^"]+)"', page))
    assert controls == {"cell-3-item_quantity", "cell-5-ordered_at", "cell-5-believed_amount"}
    assert 'value="많이"' in page

    assert finance.post(f"{here}/taking/").status_code == 303
    assert [one[0] for one in the_books()] == ["ORD-1", "ORD-4"]
    assert rows_left() == 3, "the refused rows wait for mending"

    mended = {"cell-3-item_quantity": "3", "cell-5-ordered_at": "2026.3.11 오후 2:05"}
    assert finance.post(f"{here}/cells/", mended).status_code == 303
    again = steps.get_import(brought.id)
    assert (again.state, judged(again)) == (ImportState.JUDGED, (1, 0, 0, 1))
    finance.post(f"{here}/taking/")
    assert [one[0] for one in the_books()] == ["ORD-1", "ORD-2", "ORD-4"]
    finance.post(f"{here}/cells/", {"cell-5-believed_amount": "30,000"})
    finance.post(f"{here}/taking/")
    assert len(the_books()) == 4
    third = db.session.scalars(sa.select(Order).where(Order.order_number == "ORD-3")).one()
    assert third.ordered_at == datetime(2026, 3, 11, 5, 5, tzinfo=UTC)
    assert taken(steps.get_import(brought.id)) == (4, 0, 0, 0)
    assert rows_left() == 0


def test_refused_rows_leave_as_they_came_with_their_reason(
    bring: Callable[..., OrderImport], finance: Person
) -> None:
    brought = bring(as_csv([a_row("ORD-1"), a_row("ORD-2", **{"수량": "0", "메모": "=1+1"})]))
    answer = finance.get(f"/orders/imports/{brought.id}/refused.csv")
    (row,) = csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig")))
    assert list(row)[:-1] == list(HEADINGS)
    assert (row["주문번호"], row["수량"], row["메모"]) == ("ORD-2", "0", "'=1+1")
    assert list(row.values())[-1]


def test_what_would_change_is_said_before(
    take: Callable[..., Any], bring: Callable[..., OrderImport], finance: Person
) -> None:
    take([a_row("ORD-1")])
    brought = bring(
        as_csv([a_row("ORD-1", **{"결제금액(원)": "29,000", "휴대폰": "010-0000-0000"})])
    )
    assert judged(brought) == (0, 1, 0, 0)
    page = finance.get(f"/orders/imports/{brought.id}").text
    assert "30000 → 29000" in page
    assert "010-0000-0000" not in page
    assert the_books()[0][2] == 30_000


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


def test_a_card_number_in_a_file_is_kept_nowhere(
    bring: Callable[..., OrderImport], finance: Person, actor: Actor, now: datetime
) -> None:
    brought = bring(
        as_csv([a_row("ORD-1", **{"주문자명": CARD}), a_row("ORD-2", **{"메모": CARD})])
    )
    assert judged(brought) == (1, 0, 0, 1), "in a column that nobody reads it harms none"
    mending.mend(brought.id, {(2, OrderField.BUYER_NAME): CARD}, actor=actor, now=now)
    assert judged(steps.get_import(brought.id)) == (1, 0, 0, 1)
    with db.engine.connect() as connection:
        for table in db.metadata.sorted_tables:
            for row in connection.execute(sa.select(table)):
                assert "1111-1111" not in str(tuple(row)), table.name
    assert "1111-1111" not in finance.get(f"/orders/imports/{brought.id}").text
    mending.mend(brought.id, {(2, OrderField.BUYER_NAME): "이도윤"}, actor=actor, now=now)
    assert judged(steps.get_import(brought.id)) == (2, 0, 0, 0)


UNREADABLE: dict[str, bytes] = {
    "nothing": b"",
    "headings alone": as_csv([]),
    "an open quote": b'"a,b\n1,2',
    "zeros": b"\x00\x00",
    "an old workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 20,
    "half a zip": as_xlsx([a_row()])[:200],
    "too many columns": (",".join(f"c{n}" for n in range(150)) + "\n1\n").encode(),
    "too many rows": b"a\n" + b"1\n" * (staging.MOST_ROWS + 1),
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_file_of_orders_is_told_and_leaves_nothing(
    content: bytes, actor: Actor, now: datetime
) -> None:
    with pytest.raises(InvalidInput) as refused:
        staging.stage(io.BytesIO(content), "orders", actor=actor, now=now)
    assert refused.value.field == "file"
    assert db.session.query(OrderImport).count() == rows_left() == 0


def test_headings_are_guessed_in_both_languages() -> None:
    assert COLUMNS["believed_amount"] == "결제금액(원)"
    assert set(COLUMNS.values()) == set(HEADINGS) - {"메모"}
    own = [field.value for field in OrderField]
    assert guess_columns(own) == {name: name for name in own}
    assert guess_columns(["Order No.", "QTY", "Unrelated"]) == {
        "order_number": "Order No.",
        "item_quantity": "QTY",
    }
    assert guess_word(" 결제 완료 ") is BookedStatus.PAID
    assert guess_word("알 수 없음") is None


@pytest.mark.parametrize(
    "left_out", ["order_number", "ordered_at", "believed_status", "believed_amount", "item_amount"]
)
def test_a_field_that_must_be_there_asks_for_its_column(
    left_out: str, actor: Actor, now: datetime
) -> None:
    staged = staging.stage(io.BytesIO(as_csv([a_row()])), "a", actor=actor, now=now)
    columns = {name: heading for name, heading in COLUMNS.items() if name != left_out}
    with pytest.raises(NotMatched) as refused:
        matching.match(staged.id, OrderColumns(columns=columns, words=PAID), actor=actor, now=now)
    assert refused.value.field == left_out
    assert steps.get_import(staged.id).state is ImportState.MATCHING


def test_a_mapping_is_kept_and_offered_the_next_time(
    finance: Person, actor: Actor, now: datetime
) -> None:
    odd = ("번호", "때", "상태", "금액", "물건", "수", "값")
    names = ("주문번호", "주문일시", "주문상태", "결제금액(원)", "상품명", "수량", "상품금액")
    rows = [dict(zip(odd, (a_row(**{"주문상태": "끝남"})[name] for name in names), strict=True))]

    staged = staging.stage(io.BytesIO(as_csv(rows, odd)), "a", actor=actor, now=now)
    here = f"/orders/imports/{staged.id}/mapping"
    assert finance.post(here, {"column-order_number": "번호"}).status_code == 422
    chosen = {
        "column-order_number": "번호",
        "column-ordered_at": "때",
        "column-believed_status": "상태",
        "column-believed_amount": "금액",
        "column-item_name": "물건",
        "column-item_quantity": "수",
        "column-item_amount": "값",
    }
    asked = finance.post(here, chosen)
    assert asked.status_code == 422
    assert 'name="words" value="끝남"' in asked.text, "a word that nobody knows is asked about"
    assert finance.post(here, {**chosen, "words": "끝남", "word-0": "paid"}).status_code == 303
    assert judged(steps.get_import(staged.id)) == (1, 0, 0, 0)

    turned = tuple(reversed(odd))
    second = staging.stage(io.BytesIO(as_csv(rows, turned)), "b", actor=actor, now=now)
    page = finance.get(f"/orders/imports/{second.id}/mapping").text
    for heading in odd:
        assert f'<option value="{heading}" selected>' in page
    assert '<option value="paid" selected>' in page
    kept = db.session.scalars(sa.select(OrderMapping)).one()
    assert (kept.words, kept.columns["order_number"]) == ({"끝남": "paid"}, "번호")


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


def test_a_file_that_is_too_large_is_not_read(finance: Person) -> None:
    large = io.BytesIO(b"a" * (staging.MOST_BYTES + 100_000))
    made = finance.post(
        "/orders/imports/", {"file": (large, "a.csv")}, content_type="multipart/form-data"
    )
    assert made.status_code == 413


def test_what_is_thrown_away_is_gone(bring: Callable[..., OrderImport], finance: Person) -> None:
    brought = bring(as_csv([a_row("ORD-1")]))
    assert finance.post(f"/orders/imports/{brought.id}/removal/").status_code == 303
    assert rows_left() == 0
    assert steps.get_import(brought.id).state is ImportState.DROPPED
    assert finance.post(f"/orders/imports/{brought.id}/taking/").status_code == 409
    assert the_books() == []


def test_after_a_week_nothing_of_a_file_is_left(
    bring: Callable[..., OrderImport], take: Callable[..., Any], now: datetime
) -> None:
    waiting = bring(as_csv([a_row("ORD-1")]))
    done = take([a_row("ORD-2"), a_row("ORD-3", **{"수량": "0"})])
    assert dropping.forget(now=now + timedelta(days=6)) == 0
    assert rows_left() == 2
    assert dropping.forget(now=now + timedelta(days=7)) == 2
    assert rows_left() == 0
    assert steps.get_import(waiting.id).state is ImportState.DROPPED
    assert steps.get_import(done.id).state is ImportState.DONE
    assert dropping.forget(now=now + timedelta(days=8)) == 0


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


def test_whoever_lost_the_right_brings_nothing(
    bring: Callable[..., OrderImport], now: datetime
) -> None:
    brought = bring(as_csv([a_row("ORD-1")]))
    viewer = Actor(name="viewer", role=Role.VIEWER)
    content = io.BytesIO(as_csv([a_row("ORD-1")]))
    for verb in (
        lambda: staging.stage(content, "a", actor=viewer, now=now),
        lambda: taking.agree(brought.id, actor=viewer, now=now),
        lambda: mending.mend(brought.id, {}, actor=viewer, now=now),
        lambda: dropping.drop(brought.id, actor=viewer, now=now),
    ):
        with pytest.raises(Exception, match="You may not"):
            verb()
    assert db.session.query(Operator).count() == 1
    assert the_books() == []
