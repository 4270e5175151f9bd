"""The page of one payment: its sections, its attempts, its timeline, its looks, its notes."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from admin.domain.actor import Actor
from admin.domain.clock import kst_date
from admin.domain.deltas import values_of
from admin.domain.inquiry import InquiryChannel
from admin.domain.merging import FIELDS
from admin.domain.permissions import Role
from admin.domain.reconciliation.kinds import DiscrepancyKind, Severity
from admin.inquiries.service import InquiryCommand, open_inquiry
from admin.mirror import service as mirror
from admin.models import (
    AuditEntry,
    Discrepancy,
    Note,
    NoteMention,
    Observation,
    Payment,
    ReconciliationRun,
    db,
    transaction,
)
from admin.models.reconciliation import DiscrepancyState, RunState
from admin.payments.facts import field_names, pretty
from admin.payments.history.story import MOST_SHOWN
from admin.payments.service import add_note, sync_payment
from admin.webhooks.service import receive_event, work_events
from tests.conftest import add_operator
from tests.domain.factories import a_payment as a_snapshot
from tests.payments.trade import a_payment, awaiting, failed, refunded, take_in

UID = "imp_100000000001"
EN = {"headers": {"Accept-Language": "en"}}
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def payment(stand_in, gateway, now) -> Payment:
    """A paid payment of 10,000 won that the mirror knows."""
    stand_in.paid(UID)
    applied = sync_payment(UID, source="tests", gateway=gateway, now=now)
    return db.session.get_one(Payment, applied.payment_id)


def text_of(page: str) -> str:
    """What a reader sees, in one line."""
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def section(page: str, title: str) -> str:
    """The words of one section."""
    found = re.search(rf'<h2 class="section__title">{title}.*?</section>', page, flags=re.DOTALL)
    assert found, f"there is no section {title}"
    return text_of(found[0])


def timeline(page: str) -> list[str]:
    """The words of each entry, newest first."""
    return [
        text_of(one)
        for one in re.findall(r'<li class="timeline__entry">.*?</li>', page, flags=re.DOTALL)
    ]


def show(person, payment, query: str = "") -> str:
    answer = person.get(f"/payments/{payment.id}{query}", **EN)
    assert answer.status_code == 200
    return answer.text


def why_not(page: str) -> dict[str, str]:
    lines = re.findall(r"<b>([^<]+)</b> ([^<]+)</li>", page)
    return {unescape(name): unescape(reason) for name, reason in lines}


def look(uid: str, *, gateway, now, source: str = "sync") -> None:
    seq = mirror.next_fetch_seq(now=now)
    seen = gateway.get_payment(uid)
    with transaction():
        mirror.apply([seen], fetch_seq=seq, source=source, actor=Actor.system("sync"), now=now)


# -- sections -----------------------------------------------------------------------------------


def test_every_field_of_a_payment_has_a_name():
    assert set(FIELDS) == set(values_of(a_snapshot()))


def test_names_of_fields_are_complete(app):
    with app.test_request_context():
        assert set(field_names()) == set(FIELDS)


def test_a_card_payment_tells_its_sections(viewer, stand_in, gateway, now):
    keys = take_in(
        stand_in,
        gateway,
        a_payment(
            1,
            now - HOUR,
            card_name="신한카드",
            card_number="4518-42**-****-1093",
            card_quota=3,
            apply_num="30418826",
            pg_provider="kcp",
            pg_id="T0000",
            pg_tid="26112221304173",
            buyer_tel="010-1234-4821",
            buyer_email="doyun@naver.com",
            buyer_addr="서울 강남구 테헤란로 1길 5",
            custom_data='{"cart":[7,8],"gift":"<b>x</b>"}',
        ),
        now=now,
    )
    page = viewer.get(f"/payments/{keys['imp_000000000001']}", **EN).text

    method = section(page, "Payment")
    assert "신한카드 3 months" in method
    assert "30418826" in method
    assert "T0000" in section(page, "Shop and channel")
    assert "26112221304173" in section(page, "Gateway")
    buyer = section(page, "Buyer")
    assert "서울 강남구 ••••" in buyer
    for hidden in ("테헤란로", "1234-4821", "doyun@"):
        assert hidden not in page
    assert 'data-copy="30418826"' in page
    assert '"cart": [ 7, 8 ]' in section(page, "Data of the shop")
    assert "<b>x</b>" not in page


def test_a_virtual_account_tells_its_number_and_its_deadline(viewer, stand_in, gateway, now):
    keys = take_in(stand_in, gateway, awaiting(1, now - HOUR, due=now + HOUR), now=now)

    page = viewer.get(f"/payments/{keys['imp_000000000001']}", **EN).text

    assert "5620001" in section(page, "Payment")
    assert "Deposit due" in section(page, "Payment")


def test_amounts_are_split_by_tax_where_the_shop_declared_it(viewer, stand_in, gateway, now):
    shop = {"custom_data": '{"tax_free": 39000}'}
    keys = take_in(
        stand_in,
        gateway,
        a_payment(1, now - HOUR, amount=128_000, **shop),
        {**refunded(2, now - HOUR, 4_000, **shop), "amount": 128_000},
        now=now,
    )

    whole = viewer.get(f"/payments/{keys['imp_000000000001']}", **EN).text
    elsewhere = viewer.get(f"/payments/{keys['imp_000000000002']}", **EN).text

    assert "Approved 128,000 80,909 8,091 39,000" in section(whole, "Amounts")
    assert "Left 128,000 80,909 8,091 39,000" in section(whole, "Amounts")
    assert "Left 124,000 ? ? ?" in section(elsewhere, "Amounts")
    assert "nobody said of which kind" in section(elsewhere, "Amounts")


@pytest.mark.parametrize(
    "text",
    [
        '{"a":{"b":[1,2,{"c":1.10}],"d":[],"e":{}},"x":"}{,:\\"["}',
        "[1e999,-0,12345678901234567890]",
        '{"a":1,"a":2}',
        "[" * 50 + "]" * 50,
    ],
)
def test_json_made_readable_keeps_every_token(text):
    assert re.sub(r"\s", "", pretty(text)) == text


@pytest.mark.parametrize("text", ["", "주문 메모", '"text"', "{broken", "12", "[" * 100_000])
def test_what_is_no_json_stands_as_it_came(text):
    assert pretty(text) == text


# -- attempts -----------------------------------------------------------------------------------


def test_attempts_at_one_order_stand_together_and_two_that_hold_money_are_told(
    viewer, stand_in, gateway, now
):
    same = {"merchant_uid": "ORD-SAME"}
    keys = take_in(
        stand_in,
        gateway,
        a_payment(1, now - 3 * HOUR, **same),
        failed(2, now - 2 * HOUR, **same),
        refunded(3, now - HOUR, 10_000, **same),
        a_payment(4, now - HOUR),
        now=now,
    )
    first = keys["imp_000000000001"]

    page = viewer.get(f"/payments/{first}", **EN).text
    attempts = section(page, "Every attempt at this order")
    assert [uid for uid in keys if uid in attempts] == [f"imp_00000000000{n}" for n in (1, 2, 3)]
    assert "This payment" in attempts
    assert "may have paid twice" not in text_of(page)

    take_in(stand_in, gateway, refunded(5, now - HOUR, 4_000, **same), now=now)
    page = text_of(viewer.get(f"/payments/{first}", **EN).text)
    assert "2 payments of this order hold money, 16,000 KRW together" in page


def test_a_test_payment_never_pays_a_real_order_twice(viewer, stand_in, gateway, now):
    same = {"merchant_uid": "ORD-SAME"}
    keys = take_in(
        stand_in,
        gateway,
        a_payment(1, now - HOUR, **same),
        a_payment(2, now - HOUR, **same),
        now=now,
    )
    key, other = keys.values()
    assert "may have paid twice" in show_key(viewer, key)

    with transaction():
        db.session.execute(sa.update(Payment).where(Payment.id == other).values(sandbox=True))

    page = show_key(viewer, key)
    assert "may have paid twice" not in page
    assert "Every attempt" not in page


# -- why not ------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT, Role.MANAGER])
def test_every_action_is_there_or_says_why_not(sign_in, stand_in, gateway, now, *, role):
    person = sign_in(role)
    keys = take_in(
        stand_in,
        gateway,
        a_payment(1, now - HOUR),
        failed(2, now - HOUR),
        awaiting(3, now - HOUR, due=now + HOUR),
        a_payment(4, now - HOUR, escrow=True),
        a_payment(5, now - HOUR, customer_uid="cus_1", customer_uid_usage="payment"),
        now=now,
    )
    there = {
        "Refund": 'refunds/new">Refund</a>',
        "Look up again": "/checks/",
        "Receipt": "</svg>Receipt</a>",
        "Register delivery": "</svg>Register delivery</a>",
        "Charge again": "</svg>Charge again</a>",
        "Cash receipt": "no page issues one",
        "Open an inquiry": "</svg>Open an inquiry</a>",
    }
    for key in keys.values():
        page = show_key(person, key)
        reasons = why_not(page)
        assert all(reasons.values())
        part = "refunds/new" in page and "All of it or a part" in page
        assert ("Refund of a part" in reasons) is not part
        for name, mark in there.items():
            assert (name in reasons) is not (mark in page), (name, reasons)


def test_reasons_fit_the_payment(support, stand_in, gateway, now):
    keys = take_in(
        stand_in,
        gateway,
        a_payment(1, now - HOUR),
        a_payment(2, now - HOUR, escrow=True, customer_uid="cus_1"),
        awaiting(3, now - HOUR, due=now + HOUR),
        now=now,
    )
    with transaction():
        elsewhere = {"receipt_url": "https://evil.example/x"}
        db.session.execute(sa.update(Payment).values(**elsewhere))
    card, escrow, account = (why_not(show_key(support, key)) for key in keys.values())

    assert card["Receipt"] == "Its address is not one of KCP's."
    assert card["Register delivery"] == "This is not an escrow order."
    assert card["Charge again"] == "It was not paid with a billing key."
    assert card["Cash receipt"] == "Only for transfers and virtual accounts."
    assert "escrow order can only be refunded in full" in escrow["Refund of a part"]
    assert "Register delivery" not in escrow
    assert escrow["Charge again"] == "Your role may not charge billing keys."
    assert account["Cash receipt"] == "It is issued in KCP's own admin, not from here."
    assert "No money has come in yet" in account["Refund"]


def show_key(person, key: int) -> str:
    return person.get(f"/payments/{key}", **EN).text


# -- the timeline -------------------------------------------------------------------------------


@pytest.fixture
def eventful(payment, support, stand_in, gateway, desk, now) -> Payment:
    """A payment about which something came from every side."""
    actor = Actor(name="Support 9", operator_id=support.operator.id, role=Role.SUPPORT)
    body = json.dumps({"imp_uid": UID}).encode()
    receive_event(body, content_type="application/json", source_ip=None, now=now + HOUR)
    stand_in.console_cancel(UID, 4_000)
    work_events(UID, gateway=gateway, now=now + HOUR)
    support.post(f"/payments/{payment.id}/checks/")
    add_note(payment.id, "다시 전화", actor=actor, now=now + 2 * HOUR)
    open_inquiry(
        InquiryCommand(
            payment_id=payment.id,
            subject="현미",
            question="?",
            channel=InquiryChannel.PHONE,
            customer_name="",
        ),
        actor=actor,
        now=now + 3 * HOUR,
    )
    desk.refund(db.session.get_one(Payment, payment.id), 1_000)
    return payment


def test_one_line_tells_it_all_newest_first_with_its_source(support, eventful):
    entries = timeline(show(support, eventful))

    told = " | ".join(entries)
    for words in (
        "Inquiry “현미” Inquiries · Support 9",
        "Note Notes · Support 9 다시 전화",
        "Webhook received Webhooks · Processed",
        "Looked up, something had changed Gateway · Webhook, looked up",
        f"Gateway · Looked up by staff · {support.operator.name}",
        "10,000 KRW approved Gateway",
        "refund · Done Operations",
    ):
        assert words in told, told
    assert entries[0].endswith("Inquiry “현미” Inquiries · Support 9")
    assert "viewed" not in told


def test_the_line_is_narrowed_to_one_source_without_a_script(support, eventful):
    page = show(support, eventful)
    links = {
        name: unescape(href)
        for href, name in re.findall(
            r'timeline-choices__one" href="([^"]+)"><svg[^<]*<use[^<]*</use></svg>(\w+) <span>',
            page,
        )
    }

    assert {"Gateway", "Webhooks", "Operations", "Notes", "Inquiries"} <= set(links)
    for name, href in links.items():
        entries = timeline(support.get(href, **EN).text)
        assert entries
        assert all(f" {name}" in entry for entry in entries), (name, entries)
    assert len(timeline(show(support, eventful, "?show=nonsense"))) == len(timeline(page))


def test_a_long_line_is_cut_and_shown_whole_when_asked(support, payment, actor, now):
    for number in range(MOST_SHOWN + 5):
        add_note(payment.id, f"n{number}", actor=actor, now=now + timedelta(minutes=number))

    page = show(support, payment, "?show=note")
    entries = timeline(page)
    assert len(entries) == MOST_SHOWN
    assert entries[0].endswith(f"n{MOST_SHOWN + 4}")
    more = unescape(re.search(r'timeline__more"><a class="link" href="([^"]+)"', page)[1])
    assert len(timeline(support.get(more, **EN).text)) == MOST_SHOWN + 5


def test_what_reconciliation_found_is_told_to_those_who_may_see_it(viewer, finance, payment, now):
    day = kst_date(now)
    run = ReconciliationRun(day=day, state=RunState.DONE, started_at=now, started_by="tests")
    with transaction():
        db.session.add(run)
        db.session.flush()
        db.session.add(
            Discrepancy(
                key="x",
                kind=DiscrepancyKind.AMOUNT_DIFFERS,
                severity=Severity.HIGH,
                day=day,
                order_number=payment.merchant_uid,
                imp_uid=payment.imp_uid,
                currency=payment.currency,
                at_risk_minor=1,
                theirs=[],
                state=DiscrepancyState.OPEN,
                first_seen_at=now,
                last_seen_at=now,
                first_run_id=run.id,
                last_run_id=run.id,
            )
        )

    assert any("Reconciliation" in one for one in timeline(show(finance, payment)))
    assert not any("Reconciliation" in one for one in timeline(show(viewer, payment)))


# -- two looks ----------------------------------------------------------------------------------


def compared(page: str) -> dict[str, tuple[str, str]]:
    rows = re.findall(
        r'<tr class="side-by-side__differs">.*?</span>\s*<span.*?</span> (.*?)</th>\s*(.*?)</tr>',
        page,
        flags=re.DOTALL,
    )
    found = {}
    for label, cells in rows:
        before, after = re.findall(r"<td[^>]*>(.*?)</td>", cells, flags=re.DOTALL)
        found[unescape(label)] = (unescape(before), unescape(after))
    return found


def test_any_two_looks_are_put_beside_each_other(viewer, payment, stand_in, gateway, now):
    for number, amount in enumerate((1_000, 2_000, 3_000), start=1):
        stand_in.console_cancel(UID, amount)
        look(UID, gateway=gateway, now=now + number * HOUR)
    first, second, third, fourth = db.session.scalars(
        sa.select(Observation.id).order_by(Observation.id)
    )
    address = f"/payments/{payment.id}/looks"

    def cancelled(query: str) -> tuple[str, str]:
        return compared(viewer.get(f"{address}{query}", **EN).text)["Cancelled so far"]

    assert cancelled("") == ("0 KRW", "6,000 KRW")
    assert cancelled(f"?a={first}&b={second}") == ("0 KRW", "1,000 KRW")
    assert cancelled(f"?a={second}&b={third}") == ("1,000 KRW", "3,000 KRW")
    assert cancelled(f"?a={fourth}&b={second}") == ("1,000 KRW", "6,000 KRW")
    assert cancelled(f"?a=first&b={third}") == ("0 KRW", "3,000 KRW")
    same = viewer.get(f"{address}?a={fourth}&b=now", **EN).text
    assert "Nothing differed between these two." in same
    assert f"{len(FIELDS)} fields are the same." in same


def test_the_looks_mask_people_and_show_what_is_the_same_when_asked(
    viewer, payment, stand_in, gateway, now
):
    later = {**stand_in.payment(UID), "buyer_tel": "010-9876-5432", "buyer_email": "a@b.example"}
    body = {"code": 0, "message": None, "response": later}
    stand_in.fail_next(f"/payments/{UID}", "garbage", body=json.dumps(body))
    look(UID, gateway=gateway, now=now + HOUR)

    page = viewer.get(f"/payments/{payment.id}/looks?same=1", **EN).text

    assert compared(page)["Phone"] == ("010-••••-4821", "010-••••-5432")
    assert "9876" not in page
    assert "a@b.example" not in page
    assert "Order number" in text_of(page)


def test_values_that_were_never_kept_are_not_guessed(viewer, payment, stand_in, gateway, now):
    stand_in.console_cancel(UID, 1_000)
    look(UID, gateway=gateway, now=now + HOUR)
    with transaction():
        db.session.execute(sa.update(Observation).values(deltas=None))

    page = viewer.get(f"/payments/{payment.id}/looks", **EN).text

    assert compared(page)["Cancelled so far"] == ("not kept at that time", "1,000 KRW")
    assert "They are not guessed." in page


def test_a_look_of_another_payment_is_not_found_here(viewer, payment, stand_in, gateway, now):
    take_in(stand_in, gateway, a_payment(7, now - HOUR), now=now)
    other = db.session.scalars(
        sa.select(Observation.id).where(Observation.payment_id != payment.id)
    ).one()

    for query in (f"a={other}", "b=999999", "a=x", "a=", f"b={'9' * 40}"):
        answer = viewer.get(f"/payments/{payment.id}/looks?{query}")
        assert answer.status_code == 404, query
    assert viewer.get("/payments/1/looks").status_code == 404


def test_comparing_looks_leaves_the_trace_of_a_view(viewer, payment):
    viewer.get(f"/payments/{payment.id}/looks")

    db.session.rollback()
    trace = db.session.scalars(
        sa.select(AuditEntry.subject).where(AuditEntry.action == "payment.viewed")
    )
    assert list(trace) == [f"payment:{payment.id}"]


# -- notes that call people ---------------------------------------------------------------------


def waiting_on(person) -> list[str]:
    page = person.get("/", **EN).text
    return re.findall(r'needs__noun" href="([^"]+)">[^<]* mentioned you<', page)


def test_a_note_calls_a_person_until_they_opened_it(support, sign_in, payment):
    called, other = sign_in(Role.FINANCE), sign_in(Role.FINANCE)
    text = f"@{called.operator.name} 확인해 주세요"

    support.post(f"/payments/{payment.id}/notes/", {"text": text})

    assert waiting_on(called) == [f"/payments/{payment.id}#history"]
    assert waiting_on(other) == []
    show(other, payment)
    assert waiting_on(called) == [f"/payments/{payment.id}#history"]
    assert f"Note for {called.operator.name}" in " ".join(timeline(show(called, payment)))
    assert waiting_on(called) == []


def test_who_opens_a_payment_opens_it_for_nobody_else(support, sign_in, payment):
    one, other = sign_in(Role.FINANCE), sign_in(Role.FINANCE)
    text = f"@{one.operator.name} @{other.operator.name}"
    support.post(f"/payments/{payment.id}/notes/", {"text": text})

    show(one, payment)

    assert waiting_on(one) == []
    assert waiting_on(other) == [f"/payments/{payment.id}#history"]


def test_a_person_is_called_by_the_beginning_of_their_address(support, payment):
    called = add_operator(Role.MANAGER)

    support.post(f"/payments/{payment.id}/notes/", {"text": f"@{called.email[:8]} 봐 주세요"})

    assert db.session.scalars(sa.select(NoteMention.operator_id)).all() == [called.id]


def test_a_name_that_is_nobodys_is_told_and_the_text_is_kept(support, payment):
    answer = support.post(
        f"/payments/{payment.id}/notes/", {"text": "전화했어요 @없는사람 <b>"}, **EN
    )

    assert answer.status_code == 422
    assert "Nobody called “없는사람” works here." in unescape(answer.text)
    assert "전화했어요 @없는사람 &lt;b&gt;</textarea>" in answer.text
    assert db.session.query(Note).count() == 0


def test_who_has_left_is_not_called_and_nobody_in_their_place(support, payment):
    gone = add_operator(Role.SUPPORT)
    with transaction():
        db.session.get_one(type(gone), gone.id).active = False

    answer = support.post(f"/payments/{payment.id}/notes/", {"text": f"@{gone.name}"}, **EN)

    assert answer.status_code == 422
    assert f"@{gone.name}</b>" not in answer.text
    assert f"@{support.operator.name}</b>" in answer.text


# -- previous and next --------------------------------------------------------------------------


def row_links(page: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'row-link" href="(/payments/[^"]+)"', page)]


def way(page: str, rel: str) -> str | None:
    found = re.search(rf'<a href="([^"]+)" rel="{rel}"', page)
    return unescape(found[1]) if found else None


def back(page: str) -> str:
    return unescape(re.search(r'<nav class="crumb"[^>]*><a href="([^"]+)"', page)[1])


LISTS = [
    "/payments/?period=all",
    "/payments/?period=all&order=up",
    "/payments/?period=all&sort=amount",
    "/payments/?period=all&sort=order&order=up",
    "/payments/?period=all&state=paid",
    "/payments/?period=all&basis=approved&state=refunded",
    "/payments/?period=all&basis=cancelled",
    "/payments/?q=책장",
    "/payments/?q=금액:>=10000&period=all",
    "/payments/?q=method:vbank&period=all",
]


@pytest.fixture
def trade(stand_in, gateway, now) -> dict[str, int]:
    """Payments of several kinds, some at the same moment and of the same amount."""
    moments = [now - DAY - timedelta(minutes=n // 3) for n in range(18)]
    kinds = [
        lambda n: a_payment(n, moments[n], amount=10_000 + n % 4),
        lambda n: refunded(n, moments[n], 10_000),
        lambda n: awaiting(n, moments[n], due=now + HOUR, name="의자"),
    ]
    payments = [kinds[n % 3](n) for n in range(18)]
    return take_in(stand_in, gateway, *payments, now=now)


@pytest.mark.parametrize("address", LISTS)
def test_the_way_on_goes_through_the_list_in_its_order(viewer, trade, address):
    rows = row_links(viewer.get(address).text)
    assert len(rows) > 2

    walked, page = [rows[0]], viewer.get(rows[0]).text
    assert way(page, "prev") is None
    while following := way(page, "next"):
        walked.append(following)
        page = viewer.get(following).text
    assert walked == rows
    backwards = [rows[-1]]
    while before := way(page, "prev"):
        backwards.append(before)
        page = viewer.get(before).text
    assert backwards == rows[::-1]


@pytest.mark.parametrize("address", LISTS)
def test_the_way_back_leads_to_the_very_list(viewer, trade, address):
    rows = row_links(viewer.get(address).text)

    there = back(viewer.get(rows[1]).text)

    assert row_links(viewer.get(there).text) == rows


def test_the_way_back_keeps_the_page_of_the_list(viewer, stand_in, gateway, now):
    payments = [a_payment(n, now - HOUR - timedelta(seconds=n)) for n in range(60)]
    take_in(stand_in, gateway, *payments, now=now)
    page = viewer.get("/payments/?period=all").text
    older = unescape(re.search(r'<a[^>]*href="([^"]+)"[^>]*rel="next"', page)[1])
    rows = row_links(viewer.get(older).text)

    assert row_links(viewer.get(back(viewer.get(rows[3]).text)).text) == rows
    last_of_first = row_links(page)[-1]
    following = way(viewer.get(last_of_first).text, "next")
    assert following.partition("?")[0] == rows[0].partition("?")[0]


def test_a_payment_that_left_the_list_still_knows_the_next_one(
    viewer, trade, stand_in, gateway, now
):
    rows = row_links(viewer.get("/payments/?period=all&state=paid").text)
    key = int(re.search(r"/payments/(\d+)", rows[2])[1])
    uid = db.session.get_one(Payment, key).imp_uid
    stand_in.console_cancel(uid, 10_000)
    look(uid, gateway=gateway, now=now)

    page = viewer.get(rows[2]).text

    assert (way(page, "prev"), way(page, "next")) == (rows[1], rows[3])


def test_a_payment_from_elsewhere_has_no_neighbours(viewer, trade):
    key = next(iter(trade.values()))

    page = viewer.get(f"/payments/{key}").text

    assert (way(page, "prev"), way(page, "next")) == (None, None)
    assert back(page) == "/payments/"


@pytest.mark.parametrize(
    "place",
    ["", "cursor=nonsense", "q=%2500", "basis=approved&state=none", "a=1&" * 100, "x" * 9_000],
)
def test_a_place_that_makes_no_sense_is_no_error(viewer, trade, place):
    for key in trade.values():
        answer = viewer.get(f"/payments/{key}?{urlencode({'from': place})}")
        assert answer.status_code == 200
        assert back(answer.text).startswith("/payments/")


def test_a_card_number_in_a_place_is_never_written_into_a_page(viewer, trade):
    key = next(iter(trade.values()))

    page = viewer.get(f"/payments/{key}?from=q%3D4111%2B1111%2B1111%2B1111%26state%3Dpaid").text

    assert "1111" not in page
    assert "state=paid" in back(page)


def test_a_check_and_a_note_keep_the_place(support, trade):
    rows = row_links(support.get("/payments/?period=all&sort=amount").text)
    page = support.get(rows[1]).text
    actions = [unescape(one) for one in re.findall(r'method="post" action="([^"]+)"', page)]
    for action in actions:
        if f"/payments/{re.search('[0-9]+', rows[1])[0]}/" in action:
            answer = support.post(action, {"text": "확인"})
            assert answer.location == rows[1]
