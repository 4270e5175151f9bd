"""The box over everything: what is found, for whom, how much of it, and what is kept of it."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from admin.domain.clock import kst_date
from admin.domain.money import Currency
from admin.domain.permissions import Role
from admin.domain.reconciliation.records import BookedStatus
from admin.models import (
    AuditEntry,
    Customer,
    Discrepancy,
    Inquiry,
    MoneyOperation,
    Order,
    Payment,
    PaymentCancellation,
    db,
    transaction,
)
from admin.search import queries
from admin.search.hits import marked
from admin.search.reading import read
from tests.payments.trade import a_payment, refunded, take_in
from tests.security.conftest import PAID, REFUNDED

EN = {"headers": {"Accept-Language": "en"}}
CARD = "4111 1111 1111 1111"
HOUR = timedelta(hours=1)


def hits(person, text: str) -> dict[str, list[str]]:
    """The addresses that are found, by the kind of thing."""
    answer = person.get(f"/search/hits.json?q={quote(text)}", **EN)
    assert answer.status_code == 200
    return {one["name"]: [hit["href"] for hit in one["hits"]] for one in answer.json["groups"]}


def titles(person, text: str, name: str) -> list[str]:
    groups = person.get(f"/search/hits.json?q={quote(text)}", **EN).json["groups"]
    [group] = [one for one in groups if one["name"] == name]
    return ["".join(piece for piece, _ in hit["title"]) for hit in group["hits"]]


def page_of(imp_uid: str) -> str:
    key = db.session.scalar(sa.select(Payment.id).where(Payment.imp_uid == imp_uid))
    return f"/payments/{key}"


def everything_kept() -> str:
    db.session.rollback()
    entries = db.session.scalars(sa.select(AuditEntry))
    return " ".join(f"{one.action} {one.subject} {one.facts}" for one in entries)


def an_order(number: str, now, **fields) -> Order:
    values = {
        "order_number": number,
        "ordered_at": now,
        "order_name": "원목 책장",
        "buyer_name": "한가람",
        "currency": Currency.KRW,
        "status": BookedStatus.PAID,
        "amount_minor": 10_000,
        "cancelled_minor": 0,
        "escrow": False,
        **fields,
    }
    return Order(**values)


# -- what is found ------------------------------------------------------------------------------


def test_a_name_finds_payments_refunds_customers_and_inquiries(finance, shop):
    found = hits(finance, "이도윤")

    [customer] = db.session.scalars(sa.select(Customer))
    [inquiry] = db.session.scalars(sa.select(Inquiry))
    [refund] = db.session.scalars(sa.select(MoneyOperation))
    assert set(found["payments"]) == {f"/payments/{one.id}" for one in shop.values()}
    assert found["operations"] == [f"/operations/{refund.id}"]
    assert found["customers"] == [f"/customers/{customer.id}"]
    assert found["inquiries"] == [f"/inquiries/{inquiry.id}"]


@pytest.mark.parametrize(
    "typed", ["ㅇㄷㅇ", "도윤", "4821", "책장", "이도윤 책장", "10,000", "1만"]
)
def test_a_part_initials_last_digits_and_an_amount_find_the_payments(finance, shop, typed):
    assert set(hits(finance, typed)["payments"]) == {f"/payments/{one.id}" for one in shop.values()}


def test_every_word_must_hold(finance, shop):
    assert hits(finance, "이도윤 냉장고") == {}
    assert hits(finance, "이도윤 99만") == {}


def test_a_rounded_amount_is_a_span_and_an_exact_one_is_itself(finance, stand_in, gateway, now):
    amounts = {1: 119_999, 2: 120_000, 3: 129_999, 4: 130_000}
    rows = [a_payment(key, now - HOUR, amount=amount) for key, amount in amounts.items()]
    take_in(stand_in, gateway, *rows, now=now)
    place = {number: page_of(f"imp_{number:012d}") for number in amounts}

    assert set(hits(finance, "12만")["payments"]) == {place[2], place[3]}
    assert set(hits(finance, "이도윤 12만")["payments"]) == {place[2], place[3]}
    assert hits(finance, "129,999")["payments"] == [place[3]]
    assert hits(finance, "129999원")["payments"] == [place[3]]
    answer = finance.get("/search/hits.json?q=" + quote("이도윤 12만"), **EN).json
    [payments] = [one for one in answer["groups"] if one["name"] == "payments"]
    assert payments["all_detail"] == "이도윤 amount:120,000..129,999"


def test_an_order_of_the_books_without_a_payment_leads_to_what_is_known_of_it(
    finance, viewer, shop, now
):
    with transaction():
        db.session.add(an_order("ORD-LOST-1", now))
        db.session.add(an_order(shop[PAID].merchant_uid, now, buyer_name="한가람"))
    assert hits(finance, "한가람")["orders"] == ["/payments/?q=order%3D%22ORD-LOST-1%22&period=all"]

    run = db.session.scalar(sa.select(sa.func.max(Discrepancy.last_run_id)))
    with transaction():
        found = db.session.scalars(sa.select(Discrepancy)).first()
        assert found is not None
        db.session.add(
            Discrepancy(
                key="lost",
                kind=found.kind,
                severity=found.severity,
                day=kst_date(now),
                order_number="ORD-LOST-1",
                currency=Currency.KRW,
                at_risk_minor=10_000,
                theirs=[],
                state=found.state,
                first_seen_at=now,
                last_seen_at=now,
                first_run_id=run,
                last_run_id=run,
            )
        )
    newest = db.session.scalar(sa.select(sa.func.max(Discrepancy.id)))
    there = [f"/reconciliation/discrepancies/{newest}"]
    assert hits(finance, "한가람")["orders"] == there
    assert hits(finance, "ORD-LOST")["reconciliation"] == there
    assert hits(viewer, "한가람")["orders"][0].startswith("/payments/"), "no look at reconciliation"


def test_a_day_finds_its_comparison(finance, shop, now):
    day = kst_date(now)
    found = hits(finance, f"{day.year}년 {day.month}월 {day.day}일")

    assert any(href.startswith("/reconciliation/?run=") for href in found["reconciliation"])


@pytest.mark.parametrize("typed", ["대사", "ㄷㅅ", "reconc", "Reconciliation"])
def test_a_page_is_found_by_its_korean_and_its_english_name(finance, typed):
    assert hits(finance, typed)["pages"] == ["/reconciliation/"]


def test_a_page_that_one_may_not_open_is_not_named(finance, viewer):
    assert "pages" not in hits(viewer, "대사")
    assert "/audit/" not in hits(finance, "audit").get("pages", [])
    assert hits(finance, "failed")["pages"] == ["/payments/?state=failed"]


def test_only_what_a_role_may_see_is_found(finance, viewer, sign_in, shop):
    for person, sees in ((viewer, False), (sign_in(Role.SUPPORT), True), (finance, True)):
        assert ("customers" in hits(person, "이도윤")) is sees
    assert hits(viewer, "cus_1").get("exact") is None
    assert viewer.get("/search/?q=cus_1").status_code == 200
    assert hits(finance, "cus_1")["exact"] == [
        f"/customers/{db.session.scalar(sa.select(Customer.id))}"
    ]
    order = shop[PAID].merchant_uid
    assert "reconciliation" not in hits(viewer, order)
    assert "reconciliation" in hits(finance, order)


def test_five_of_a_kind_are_shown_and_the_way_to_all_of_them(finance, stand_in, gateway, now):
    rows = [refunded(number, now - HOUR, 1_000) for number in range(1, 8)]
    take_in(stand_in, gateway, *rows, now=now)
    with transaction():
        for number in range(7):
            db.session.add(
                Customer(customer_number=f"C-{number}", name="이도윤", since=now, billing_keys=[])
            )
            db.session.add(an_order(f"ORD-L-{number}", now, buyer_name="이도윤"))

    answer = finance.get("/search/hits.json?q=" + quote("이도윤"), **EN).json
    groups = {one["name"]: one for one in answer["groups"]}
    for name in ("payments", "customers", "orders"):
        assert len(groups[name]["hits"]) == 5
        assert groups[name]["count"] == "5+"
        all_of_them = finance.get(groups[name]["all_href"], **EN).text
        assert all_of_them.count("이도윤") >= 7, name
    assert answer["said"] == "15 found"


@pytest.mark.parametrize("typed", ["%", "c_s_1", "%%", "이%윤", "\\", "'", '"', "a" * 200])
def test_signs_of_the_database_are_letters(finance, shop, typed):
    found = hits(finance, typed)
    assert not set(found) & {"customers", "operations", "inquiries", "orders", "reconciliation"}


def test_beyond_the_newest_whole_names_and_numbers_are_still_found(finance, now, monkeypatch):
    with transaction():
        for name in ("가나다", "라마바"):
            db.session.add(
                Customer(
                    customer_number=f"C-{name}",
                    name=name,
                    tel="010-9999-0001",
                    tel_digits="01099990001",
                    since=now,
                    billing_keys=[],
                )
            )
            db.session.flush()
    asked = {text: read(text, today=kst_date(now)).words for text in ("가나", "라마", "가나다")}
    monkeypatch.setattr(queries._among_newest, "__kwdefaults__", {"size": 1})

    assert queries.customers_found(asked["가나"], most=5) == []
    assert [one.name for one in queries.customers_found(asked["라마"], most=5)] == ["라마바"]
    assert [one.name for one in queries.customers_found(asked["가나다"], most=5)] == ["가나다"]


# -- a whole number -----------------------------------------------------------------------------


def test_a_whole_number_opens_its_page_at_once(finance, shop):
    payment = shop[PAID]
    [refund] = db.session.scalars(sa.select(MoneyOperation))
    [customer] = db.session.scalars(sa.select(Customer))
    [inquiry] = db.session.scalars(sa.select(Inquiry))
    [cancel] = db.session.scalars(sa.select(PaymentCancellation))
    numbers = {
        payment.imp_uid: f"/payments/{payment.id}",
        payment.merchant_uid: f"/payments/{payment.id}",
        cancel.cancellation_id: f"/payments/{shop[REFUNDED].id}",
        refund.id: f"/operations/{refund.id}",
        refund.id.lower(): f"/operations/{refund.id}",
        "C-1": f"/customers/{customer.id}",
        "cus_1": f"/customers/{customer.id}",
        f"#{inquiry.id}": f"/inquiries/{inquiry.id}",
    }

    for number, page in numbers.items():
        answer = finance.get("/search/?q=" + quote(f" {number} "))
        assert (answer.status_code, answer.location) == (303, page), number
        assert hits(finance, number)["exact"] == [page], number


def test_an_approval_number_opens_its_payment_when_it_is_the_only_one(
    finance, stand_in, gateway, now
):
    rows = [
        a_payment(1, now - HOUR, apply_num="30418826"),
        a_payment(2, now - HOUR, apply_num="30418827"),
        a_payment(3, now - HOUR, apply_num="30418827"),
    ]
    take_in(stand_in, gateway, *rows, now=now)

    assert finance.get("/search/?q=30418826").location == page_of("imp_000000000001")
    assert finance.get("/search/?q=30418827").status_code == 200
    assert len(hits(finance, "30418827")["payments"]) == 2


@pytest.mark.parametrize("typed", ["#0", "#" + "9" * 30, "#٣", "#-1", "0" * 26, "imp_999999999999"])
def test_a_number_of_nothing_finds_nothing(finance, shop, typed):
    assert finance.get("/search/?q=" + quote(typed)).status_code == 200
    assert "exact" not in hits(finance, typed)


# -- the page -----------------------------------------------------------------------------------


def test_the_page_works_without_any_script(finance, shop):
    page = unescape(finance.get("/search/?q=" + quote("이도윤"), **EN).text)

    for heading in ("Payments", "Customers", "Inquiries"):
        assert f">{heading} <small>" in page
    assert f'href="/payments/{shop[PAID].id}"' in page
    assert "<mark>이도윤</mark>" in page
    assert 'value="이도윤"' in page
    assert '<form class="topbar__search" action="/search/" method="get"' in page


def test_one_kind_alone_shows_more_of_it(finance, now):
    with transaction():
        for number in range(9):
            db.session.add(an_order(f"ORD-L-{number}", now))

    page = finance.get("/search/?only=orders&q=" + quote("한가람"), **EN).text

    assert page.count("ORD-L-") >= 9
    assert "5+" not in page


def test_nothing_found_says_so_and_offers_the_next_try(finance, shop):
    page = unescape(finance.get("/search/?q=" + quote("아무도모르는이름"), **EN).text)

    assert "Nothing that you may see holds “아무도모르는이름”" in page
    assert 'href="/search/paste"' in page
    answer = finance.get("/search/hits.json?q=" + quote("아무도모르는이름"), **EN).json
    assert (answer["groups"], answer["note"]) == ([], "Nothing found.")


def test_texts_of_others_are_only_ever_texts(finance, stand_in, gateway, now):
    take_in(
        stand_in, gateway, a_payment(1, now - HOUR, name="<script>alert(1)</script>책"), now=now
    )

    page = finance.get("/search/?q=script").text
    assert "<script>alert" not in page
    assert titles(finance, "alert", "payments") == ["이도윤 <script>alert(1)</script>책"]


def test_an_address_that_makes_no_sense_is_no_error(finance):
    for address in ("/search/", "/search/?q=%ff%fe", "/search/?q=" + "x" * 300, "/search/?only=no"):
        assert finance.get(address).status_code == 200
        assert finance.get(address.replace("/?", "/hits.json?")).status_code == 200
    assert finance.get("/search/?q=%00").status_code == 400


# -- what is kept -------------------------------------------------------------------------------


def test_security_s60_a_card_number_is_refused_and_kept_nowhere(finance, shop, caplog):
    caplog.set_level("DEBUG")
    for typed in (CARD, "4111-1111-1111-1111", "４１１１１１１１１１１１１１１１"):
        for path in ("/search/", "/search/hits.json", "/payments/complete.json"):
            answer = finance.get(f"{path}?q={quote(typed)}&at=30", **EN)
            assert answer.status_code == 200
            if path != "/payments/complete.json":
                assert "looks like a card number" in answer.text
            for text in (answer.text, caplog.text, everything_kept()):
                for digits in ("1111", "１１１１", quote("１１１１")):
                    assert digits not in text


def test_security_s73_a_look_leaves_its_trace_and_not_its_words(finance, shop):
    finance.get("/search/?q=" + quote("이도윤"))
    finance.get("/search/hits.json?q=" + quote("이도윤"))

    query = sa.select(AuditEntry).where(AuditEntry.action == "search.searched")
    entries = db.session.scalars(query).all()
    assert [one.operator_id for one in entries] == [finance.operator.id] * 2
    assert "이도윤" not in everything_kept()
    assert quote("이도윤") not in everything_kept()


def test_numbers_of_people_stay_masked(finance, now):
    with transaction():
        person = Customer(
            customer_number="C-7",
            name="이도윤",
            tel="010-1234-4821",
            tel_digits="01012344821",
            email="doyun@mail.example",
            since=now,
            billing_keys=[],
        )
        db.session.add(person)

    for path in ("/search/", "/search/hits.json"):
        text = finance.get(f"{path}?q=01012344821").text
        assert "C-7" in text
        assert "1234-4821" not in text
        assert "doyun@" not in text


# -- marks --------------------------------------------------------------------------------------


def test_what_was_looked_for_is_marked():
    assert marked("이도윤 책장", ["도윤"]) == (("이", False), ("도윤", True), (" 책장", False))
    assert marked("이도윤", ["ㅇㄷㅇ"]) == (("이도윤", True),)
    assert marked("ORD-1 ord", ["ord"]) == (("ORD", True), ("-1 ", False), ("ord", True))
    assert marked("책장", []) == (("책장", False),)
    assert marked("", ["x"]) == (("", False),)
    assert marked("İx", ["x"]) == (("İx", False),), "a text that changes its length is left alone"


def test_payment_texts_join_back(finance, shop):
    assert titles(finance, "도윤", "payments") == ["이도윤 원목 책장 3단"] * 3
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Payment)) == 3
