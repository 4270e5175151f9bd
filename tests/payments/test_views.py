"""The list and one payment as people see them, and the files they take away."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from datetime import timedelta
from hashlib import sha256
from html import unescape
from urllib.parse import quote

import openpyxl
import pytest
import sqlalchemy as sa

from admin.domain.clock import kst_date
from admin.models import AuditEntry, Note, Observation, db
from tests.exports.taking import take
from tests.payments.looking import UID
from tests.payments.trade import a_payment, awaiting, failed, refunded, take_in

EN = {"headers": {"Accept-Language": "en"}}
CARD = "4111 1111 1111 1111"
HOUR = timedelta(hours=1)


def shown(page: str) -> list[str]:
    return re.findall(r'ids__second">(imp_\w+)<', page)


def linked(page: str, rel: str) -> str | None:
    found = re.search(rf'<a[^>]*href="([^"]+)"[^>]*rel="{rel}"', page)
    return unescape(found[1]) if found else None


def sums(page: str) -> str:
    """The bottom bar as one line of text."""
    bar = page[page.index('<footer class="bottom-bar') :]
    return " ".join(re.sub(r"<[^>]+>", " ", bar).split())


def everything_kept() -> str:
    """All texts that the audit trail holds."""
    db.session.rollback()
    entries = db.session.scalars(sa.select(AuditEntry))
    return " ".join(f"{one.action} {one.subject} {one.facts}" for one in entries)


def flashed(answer) -> str:
    return unescape(answer.text)


def forged(*values: object) -> str:
    """A place in the list that nobody was given."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


FORGED = [
    forged(False, 1, 2, 3),
    forged(False, "x", 1),
    forged(False, {"t": 1e300}, 1),
    forged(False, {"t": 1}, 10**30),
    forged(False, {}, 1),
    forged(1, {"t": "NaN"}, 1),
    forged(),
]


# -- the list -----------------------------------------------------------------------------------


def test_paging_forth_and_back_shows_every_payment_once(viewer, stand_in, gateway, now):
    payments = [a_payment(n, now - HOUR - timedelta(seconds=n // 40)) for n in range(120)]
    take_in(stand_in, gateway, *payments, now=now)

    page = viewer.get("/payments/?period=all").text
    forth = [shown(page)]
    while older := linked(page, "next"):
        page = viewer.get(older).text
        forth.append(shown(page))
    back = [shown(page)]
    while newer := linked(page, "prev"):
        page = viewer.get(newer).text
        back.insert(0, shown(page))

    assert [len(rows) for rows in forth] == [50, 50, 20]
    assert len({uid for rows in forth for uid in rows}) == 120
    assert [uid for rows in back for uid in rows] == [uid for rows in forth for uid in rows]


def test_the_list_adds_up_and_names_what_it_holds(viewer, stand_in, gateway, now):
    take_in(
        stand_in,
        gateway,
        a_payment(1, now - HOUR, amount=120_000),
        refunded(2, now - HOUR, 4_000),
        failed(3, now - HOUR, amount=77_000),
        awaiting(4, now - HOUR, due=now + HOUR, amount=55_000),
        now=now,
    )

    page = viewer.get("/payments/", **EN).text
    paid = viewer.get("/payments/?state=paid", **EN).text

    assert len(shown(page)) == 4
    for text in ("130,000", "−4,000", "126,000"):
        assert text in sums(page)
    assert shown(paid) == ["imp_000000000001"]
    assert "120,000" in sums(paid)
    assert re.search(r'aria-current="page">Paid <span class="tabs__count">1<', paid)


def test_an_exact_gateway_number_opens_its_payment(viewer, payment):
    answer = viewer.get(f"/payments/?q={UID}")

    assert (answer.status_code, answer.location) == (303, f"/payments/{payment.id}")
    assert viewer.get("/payments/?q=imp_999999999999").status_code == 200


def test_days_the_wrong_way_round_are_told_and_lose_nothing(viewer, payment):
    address = "/payments/?q=ORD&state=paid&from_day=2026-03-02&to_day=2026-03-01"

    answer = viewer.get(address, **EN)

    assert answer.status_code == 200
    assert "The last day lies before the first one" in flashed(answer)
    assert 'value="ORD"' in answer.text
    assert "2026-03-02" in answer.text
    assert shown(answer.text) == [UID]


def test_an_address_that_makes_no_sense_is_no_error(viewer):
    addresses = [
        "/payments/?from_day=2026-02-30",
        "/payments/?from_day=yesterday&to_day=2026-13-01",
        "/payments/?from_day=0001-01-01&to_day=9999-12-31",
        "/payments/?state=none&basis=none&sort=none&period=none",
        "/payments/?q=" + "x" * 300,
        "/payments/?q=%ff%fe",
        "/payments/?cursor=nonsense",
        *[f"/payments/?cursor={cursor}" for cursor in FORGED],
    ]

    assert {address: viewer.get(address).status_code for address in addresses} == dict.fromkeys(
        addresses, 200
    )
    for address in ("/payments/?q=%00", "/payments/?method=%00", "/operations/%00"):
        assert viewer.get(address).status_code == 400


def test_a_card_number_in_the_box_is_refused_and_kept_nowhere(viewer, payment, caplog):
    caplog.set_level("DEBUG")
    for typed in (CARD, "4111-1111-1111-1111", "４１１１１１１１１１１１１１１１"):
        query = f"q={quote(typed)}&state=paid"

        answer = viewer.get(f"/payments/?{query}", **EN)

        assert answer.status_code == 200
        assert "looks like a card number" in answer.text
        for text in (answer.text, caplog.text, everything_kept()):
            for digits in ("1111", "１１１１", quote("１１１１")):
                assert digits not in text
        # a hash of a card number can be tried out
        assert sha256(query.encode()).hexdigest()[:16] not in everything_kept()


def test_a_search_that_finds_nothing_says_what_to_do(viewer, stand_in, gateway, now):
    take_in(stand_in, gateway, a_payment(1, now - timedelta(days=20)), now=now)

    assert "Without it there are 1" in viewer.get("/payments/?period=today", **EN).text
    assert "No payment holds" in viewer.get("/payments/?q=nothing", **EN).text
    script = viewer.get("/payments/?q=<script>alert(1)</script>").text
    assert "<script>alert" not in script


# -- files --------------------------------------------------------------------------------------

NASTY = '=HYPERLINK("http://evil.example","책")'


def read_csv(answer) -> list[dict[str, str]]:
    assert answer.data.startswith(b"\xef\xbb\xbf")
    text = answer.data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def read_xlsx(answer) -> list[tuple]:
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    return list(sheet.iter_rows(values_only=True))


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_csv_of_what_is_found_reads_back_as_it_was(finance, stand_in, gateway, now, language):
    take_in(
        stand_in,
        gateway,
        a_payment(1, now - HOUR, name=NASTY, buyer_email="doyun@mail.example"),
        a_payment(2, now - HOUR, name='책장, "큰 것"\n2행', buyer_tel="010-1234-4821"),
        refunded(3, now - HOUR, 4_000),
        failed(4, now - HOUR),
        now=now,
    )
    answer = take(finance, "state=paid", language=language)
    rows = read_csv(answer)

    assert answer.mimetype == "text/csv"
    assert re.search(f"{kst_date(now):%Y%m%d}-\\d+.csv", answer.headers["Content-Disposition"])
    assert len(rows) == 2
    assert len(rows[0]) == 20  # no heading stands twice
    cells = {cell for row in rows for cell in row.values()}
    assert "'" + NASTY in cells
    assert '책장, "큰 것"\n2행' in cells
    assert {"10000", "imp_000000000001", "010-••••-4821", "do••••@mail.example"} <= cells
    assert not {"010-1234-4821", "doyun@mail.example", "이도윤"} & cells
    assert "export.downloaded" in everything_kept()


@pytest.mark.parametrize("language", ["ko", "en"])
def test_an_xlsx_of_what_is_found_holds_numbers_as_numbers(
    finance, stand_in, gateway, now, language
):
    take_in(
        stand_in,
        gateway,
        a_payment(1, now - HOUR, name=NASTY, amount=2_200_000_000),
        refunded(2, now - HOUR, 4_000),
        now=now,
    )

    answer = take(finance, kind="xlsx", language=language)
    heading, *rows = read_xlsx(answer)

    assert len(set(heading)) == len(heading) == 20
    assert len(rows) == 2
    amounts = sorted(row[9:12] for row in rows)
    assert amounts == [(10_000, 4_000, 6_000), (2_200_000_000, 0, 2_200_000_000)]
    names = {row[3] for row in rows}
    assert NASTY in names  # a text, not a formula
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    assert {cell.data_type for cell in book.active["D"]} == {"s"}


def test_nothing_found_is_a_file_with_its_headings(finance):
    assert read_csv(take(finance)) == []
    heading, *rows = read_xlsx(take(finance, kind="xlsx"))
    assert len(heading) == 20
    assert [row for row in rows if any(row)] == []


def test_support_may_not_take_files_away(support):
    assert support.get("/payments/export.csv").status_code == 403
    assert support.get("/exports/new?list=payments").status_code == 403


def test_an_old_address_leads_to_the_form_with_its_filter(finance):
    answer = finance.get("/payments/export.csv?state=paid&period=all")
    assert answer.status_code == 302
    assert answer.location == "/exports/new?list=payments&kind=csv&state=paid&period=all"


# -- one payment --------------------------------------------------------------------------------


def check(person, payment):
    address = f"/payments/{payment.id}/checks/"
    return person.post(address, follow_redirects=True, **EN)


def test_a_check_tells_whether_something_changed(support, payment, stand_in):
    assert "nothing has changed" in flashed(check(support, payment))

    stand_in.console_cancel(UID, 4_000)
    answer = check(support, payment)

    assert "something had changed" in flashed(answer)
    assert "6,000" in answer.text
    sources = list(db.session.scalars(sa.select(Observation.source).order_by(Observation.id)))
    assert sources == ["tests", "check", "check"]
    assert everything_kept().count("payment.checked") == 2


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"action": "html", "status": 200}, "could not be read"),
        ({"action": "html", "status": 404}, "could not be read"),
        ({"action": "status", "status": 500}, "No clear answer"),
        ({"action": "drop"}, "No clear answer"),
        ({"action": "status", "status": 401, "times": 6}, "refused our credentials"),
    ],
    ids=["html", "html_404", "500", "down", "401"],
)
def test_a_gateway_that_gives_no_answer_is_told_and_changes_nothing(
    support, payment, stand_in, *, fault, sentence
):
    stand_in.fail_next(f"/payments/{UID}", **{"times": 3, **fault})

    answer = check(support, payment)

    assert answer.status_code == 200
    assert sentence in flashed(answer)
    assert "<h1>502" not in answer.text
    assert db.session.query(Observation).count() == 1


def test_a_contradiction_is_told_and_not_taken_over(support, payment, stand_in):
    stand_in.fail_next(f"/payments/{UID}", "wrong_amount", when="after_commit")

    answer = check(support, payment)

    assert "contradicts what we hold" in flashed(answer)
    assert "10,001" not in answer.text


def test_a_note_stays_on_the_payment(support, payment):
    text = "고객이 <b>금요일</b>에 다시 전화"

    answer = support.post(
        f"/payments/{payment.id}/notes/", {"text": text}, follow_redirects=True, **EN
    )

    assert "고객이 &lt;b&gt;금요일&lt;/b&gt;에 다시 전화" in answer.text
    assert [(one.body, one.author) for one in db.session.query(Note)] == [
        (text, support.operator.name)
    ]
    assert "note.added" in everything_kept()


def test_a_note_that_cannot_be_is_refused_at_its_field(support, payment):
    for typed in ("", "   ", "\x00", f"카드 {CARD}", "가" * 2_001):
        answer = support.post(f"/payments/{payment.id}/notes/", {"text": typed})
        assert answer.status_code == 422, typed
        assert "1111" not in answer.text

    assert db.session.query(Note).count() == 0


def test_a_viewer_neither_checks_nor_notes(viewer, payment, stand_in):
    before = len(stand_in.requests())

    assert viewer.post(f"/payments/{payment.id}/checks/").status_code == 403
    assert viewer.post(f"/payments/{payment.id}/notes/", {"text": "x"}).status_code == 403
    assert len(stand_in.requests()) == before


def test_a_payment_that_is_not_there_is_not_found(viewer):
    for number in ("1", "0", str(2**63 - 1), str(2**63), "9" * 40):
        assert viewer.get(f"/payments/{number}").status_code == 404, number


def test_a_state_that_nobody_knows_is_told_in_the_gateways_own_word(support, payment, stand_in):
    body = {"code": 0, "message": None, "response": {**stand_in.payment(UID), "status": "held"}}
    stand_in.fail_next(f"/payments/{UID}", "garbage", body=json.dumps(body), times=3)

    answer = check(support, payment)

    assert "calls this payment “held”" in flashed(answer)
    db.session.refresh(payment)
    assert payment.status.value == "paid"


def test_a_field_that_nobody_knows_is_kept_and_shown(support, payment, stand_in):
    later = {**stand_in.payment(UID), "loyalty": {"points": 5}, "note": "4111-1111-1111-1111"}
    body = {"code": 0, "message": None, "response": later}
    stand_in.fail_next(f"/payments/{UID}", "garbage", body=json.dumps(body))

    answer = check(support, payment)

    db.session.refresh(payment)
    assert payment.extra == '{"loyalty":{"points":5},"note":"' + payment.extra[32:]
    assert "4111-1111-1111-1111" not in payment.extra
    assert "points" in flashed(answer)
