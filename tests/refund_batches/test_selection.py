"""From the list of payments to a list of refunds: what is ticked, and all that match."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa

from admin.domain.refund_batch import MOST_ROWS
from admin.gateway.client import Gateway
from admin.models import MoneyOperation, Payment, RefundBatch, db, transaction
from tests.payments.trade import a_payment, failed, refunded, take_in
from tests.people import Person
from tests.stand_in import StandIn

EN: dict[str, Any] = {"headers": {"Accept-Language": "en"}}
HOUR = timedelta(hours=1)


@pytest.fixture
def shop(stand_in: StandIn, gateway: Gateway, now: datetime) -> None:
    """Sixty payments by card, one of them half gone; one that failed, one of another amount."""
    cards = [a_payment(number, now - timedelta(minutes=number)) for number in range(2, 61)]
    rest = [refunded(1, now, 5_000), failed(61, now - HOUR), a_payment(62, now, amount=20_000)]
    take_in(stand_in, gateway, *cards, *rest, now=now)


def offered(page: str) -> dict[str, str]:
    """What the form of the selection sends for all that match; nothing where it is not offered."""
    form = page[page.index('<form class="selection"') :]
    form = form[: form.index("</form>")]
    if 'name="all"' not in form:
        return {}
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
    return {"all": "y", **{name: unescape(value) for name, value in found}}


def lines(page: str) -> list[str]:
    area = re.search(r"<textarea[^>]*>\s*(.*?)</textarea>", page, re.DOTALL)
    assert area is not None
    return unescape(area[1]).split()


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def form_of(person: Person, **asked: str) -> Any:
    return person.get("/refunds/batches/new", query_string=asked, **EN)


def test_all_that_match_are_taken_over_every_page_in_the_order_of_the_list(
    finance: Person, shop: None
) -> None:
    page = finance.get("/payments/?period=all&q=amount:10000&view=7", **EN).text
    asked = offered(page)
    assert "All 61 that match · net 595,000 KRW" in words(page)
    assert asked["query"] == "period=all&q=amount%3A10000"
    taken = form_of(finance, **asked)
    numbers = lines(taken.text)
    assert len(numbers) == 61
    assert numbers[:3] == ["imp_000000000001", "imp_000000000002", "imp_000000000003"]
    assert "imp_000000000062" not in numbers
    assert "Payments taken 61 Net 595,000 KRW" in words(taken.text)
    assert "This is not what the list showed" not in taken.text
    assert db.session.scalars(sa.select(RefundBatch)).all() == []


def test_the_order_and_the_state_of_the_list_are_those_of_the_lines(
    finance: Person, shop: None
) -> None:
    asked = offered(finance.get("/payments/?period=all&state=paid&order=up", **EN).text)
    numbers = lines(form_of(finance, **asked).text)
    assert len(numbers) == 60
    assert numbers[0] == "imp_000000000060"
    assert "imp_000000000061" not in numbers
    assert "imp_000000000001" not in numbers


def test_what_came_meanwhile_is_told(
    finance: Person, shop: None, stand_in: StandIn, gateway: Gateway, now: datetime
) -> None:
    asked = offered(finance.get("/payments/?period=all&q=amount:10000", **EN).text)
    take_in(stand_in, gateway, a_payment(70, now), now=now)
    page = form_of(finance, **asked).text
    assert "Payments taken 62 Net 605,000 KRW" in words(page)
    assert "This is not what the list showed" in page


def test_ticked_rows_are_counted_and_summed_on_the_next_page(finance: Person, shop: None) -> None:
    ticked = "payment=imp_000000000001&payment=imp_000000000002&payment=imp_000000000061"
    page = finance.get(f"/refunds/batches/new?{ticked}&query=period%3Dall&seen=62:1", **EN).text
    assert "Payments taken 3 Net 15,000 KRW" in words(page)
    assert "This is not what the list showed" not in page
    assert len(lines(page)) == 3
    assert "Payments taken" not in finance.get("/refunds/batches/new", **EN).text


def test_one_page_alone_needs_no_second_way(finance: Person, shop: None) -> None:
    assert offered(finance.get("/payments/?period=all&q=amount:20000", **EN).text) == {}


@pytest.mark.parametrize("text", ["책장 amount:many", "책장 4111-1111-1111-1111"])
def test_a_search_that_is_not_read_whole_is_not_taken_whole(
    finance: Person, shop: None, text: str
) -> None:
    page = finance.get("/payments/", query_string={"period": "all", "q": text}, **EN).text
    assert offered(page) == {}
    answer = form_of(finance, all="y", query=f"period=all&q={text}")
    assert answer.status_code == 422
    assert "The search cannot be read" in answer.text
    assert lines(answer.text) == []
    assert "4111" not in answer.text


def test_more_than_a_list_holds_is_refused_with_a_sentence(
    finance: Person, stand_in: StandIn, gateway: Gateway, now: datetime
) -> None:
    take_in(stand_in, gateway, a_payment(1, now), now=now)
    table = Payment.__table__
    row = dict(db.session.execute(sa.select(table)).mappings().one())
    many = range(1, MOST_ROWS + 1)
    copies = [{**row, "id": row["id"] + one, "imp_uid": f"imp_c{one}"} for one in many]
    with transaction():
        db.session.execute(sa.insert(table), copies)
    address = "/payments/?period=all&q=amount:10000"
    page = finance.get(address, **EN).text
    assert offered(page) == {}
    assert "1,001 match; a list of refunds takes at most 1,000." in words(page)
    answer = form_of(finance, all="y", query="period=all&q=amount:10000")
    assert answer.status_code == 422
    assert "More than 1,000 payments match" in answer.text
    assert lines(answer.text) == []
    with transaction():
        db.session.execute(sa.delete(table).where(table.c.imp_uid == "imp_c1"))
    asked = offered(finance.get(address, **EN).text)
    assert len(lines(form_of(finance, **asked).text)) == MOST_ROWS


def test_the_list_is_rehearsed_as_it_was_taken_and_nothing_is_sent(
    finance: Person, shop: None, stand_in: StandIn
) -> None:
    asked = offered(finance.get("/payments/?period=all&q=amount:10000", **EN).text)
    page = form_of(finance, **asked).text
    hidden = dict(re.findall(r'<input[^>]*name="(form_key)"[^>]*value="([^"]*)"', page))
    form = {**hidden, "lines": "\n".join(lines(page)), "reason": "late", "note": ""}
    assert finance.post("/refunds/batches/", form).status_code == 303
    batch = db.session.scalars(sa.select(RefundBatch)).one()
    assert len(batch.rows) == 61
    assert db.session.scalars(sa.select(MoneyOperation)).all() == []


def test_somebody_who_may_not_refund_by_the_list_is_offered_nothing(
    support: Person, shop: None
) -> None:
    page = support.get("/payments/?period=all&q=amount:10000", **EN).text
    assert 'name="payment"' not in page
    assert 'class="selection"' not in page
    assert form_of(support, all="y", query="period=all").status_code == 403
