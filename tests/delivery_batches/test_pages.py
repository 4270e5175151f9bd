"""Lists of deliveries on the pages: given, looked over, ticked, registered, taken home."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import sqlalchemy as sa

from admin.delivery_batches.service import work
from admin.models import DeliveryBatch, DeliveryBatchRow, db
from tests.delivery_batches.lists import EN, UIDS, Lists, P, R, line, results
from tests.people import Person


def give_on_the_page(person: Person, lines: str, **fields: object) -> str:
    hidden = person.hidden_fields("/escrow-orders/deliveries/new")
    form = {**hidden, "lines": lines, **fields}
    address = "/escrow-orders/deliveries/"
    return person.post(address, form, follow_redirects=True, **EN).text


def test_a_person_gives_a_list_looks_it_over_and_registers_it(
    support: Person, lists: Lists
) -> None:
    lists.know(2)
    page = give_on_the_page(support, f"{line(0)}\nORD-nothing,CJGLS,680000000099\n{line(1)}")
    assert "no API to correct an invoice number" in page
    assert "We know no payment of this number." in page
    assert "Register 2" in page
    assert lists.asked() == 0
    batch = db.session.scalars(sa.select(DeliveryBatch)).one()
    address = f"/escrow-orders/deliveries/{batch.id}"
    support.post(f"{address}/start/", {}, follow_redirects=True)
    lists.run(batch)

    page = support.get(address, **EN).text
    assert "Register 2" not in page
    content = support.get(f"{address}/result.csv", **EN).text
    cells = [row.split(",") for row in content.splitlines()[1:]]
    assert [row[0] for row in cells] == ["1", "2", "3"]
    assert [content.count(f"68000000000{place}") >= 2 for place in (0, 1)] == [True, True]
    assert content.count("Registered") == 2
    assert support.get(f"{address}/result.xlsx").status_code == 200
    index = support.get("/escrow-orders/deliveries/", **EN).text
    assert address in index


def test_a_shared_number_is_ticked_on_the_page(support: Person, lists: Lists) -> None:
    first, _, _ = lists.know(3)
    lists.desk.deliver(first, invoice="681111111111")
    page = give_on_the_page(support, f"{line(1, invoice='681111111111')}\n{line(2)}")
    assert f"registered for {first.merchant_uid}" in page
    assert 'name="ticked" value="1"' in page
    batch = db.session.scalars(sa.select(DeliveryBatch)).one()
    address = f"/escrow-orders/deliveries/{batch.id}"
    support.post(f"{address}/start/", {"ticked": ["1", "x", "²", "99"]})
    lists.run(batch)
    assert results(batch) == [P.REGISTERED] * 2
    assert support.post(f"{address}/start/", {}).status_code == 409


def test_the_same_list_given_twice_says_so(support: Person, lists: Lists) -> None:
    lists.know(2)
    first = give_on_the_page(support, f"{line(0)}\n{line(1)}")
    second = give_on_the_page(support, f"{line(1)}\n{line(0)}")
    third = give_on_the_page(support, line(1))
    assert "given before" not in first
    assert "given before" in second
    assert "given before" not in third
    key = db.session.scalars(sa.select(sa.func.min(DeliveryBatch.id))).one()
    assert f'href="/escrow-orders/deliveries/{key}"' in second


def test_a_file_as_a_korean_spreadsheet_saves_it_is_read(support: Person, lists: Lists) -> None:
    lists.know(1)
    sent = lists.desk.now - timedelta(minutes=10)
    content = f"주문번호,택배사,송장번호\r\n{UIDS[0]},CJ대한통운,6800-0000-0000\r\n"
    given = {"file": (BytesIO(content.encode("cp949")), "송장.csv")}
    assert "송장.csv" in give_on_the_page(support, "", **given)
    (row,) = db.session.scalars(sa.select(DeliveryBatchRow))
    assert (row.company, row.invoice, row.state) == ("CJGLS", "680000000000", R.WAITING)
    assert row.sent_at is not None
    assert row.sent_at > sent


def test_a_card_number_is_nowhere_kept_nor_shown_again(support: Person, lists: Lists) -> None:
    lists.know(1)
    card = "4111-1111-1111-1111"
    page = give_on_the_page(support, f"{line(0)}\nORD-1,CJGLS,{card}")
    assert card not in page
    assert "A card number stands here" in page
    assert card not in str(db.session.execute(sa.select(DeliveryBatchRow.given)).all())
    page = give_on_the_page(support, f'ORD-1,"{card}')
    assert "is not CSV" in page
    assert card not in page


def test_a_viewer_sees_no_list_and_gives_none(viewer: Person, lists: Lists) -> None:
    lists.know(1)
    batch = lists.give(line(0))
    assert viewer.get(f"/escrow-orders/deliveries/{batch.id}").status_code == 403
    assert viewer.post(f"/escrow-orders/deliveries/{batch.id}/start/").status_code == 403
    assert "/escrow-orders/deliveries/" not in viewer.get("/escrow-orders/").text
    assert work(batch.id, gateway=lists.desk.gateway, now=lists.desk.now) == 0
    assert lists.asked() == 0
