"""The timeline of a payment: what came from every side, narrowed, cut, and for whom."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape

import pytest

from admin.domain.actor import Actor
from admin.domain.clock import kst_date
from admin.domain.inquiry import InquiryChannel
from admin.domain.permissions import Role
from admin.domain.reconciliation.kinds import DiscrepancyKind, Severity
from admin.inquiries.service import InquiryCommand, open_inquiry
from admin.models import Discrepancy, Payment, ReconciliationRun, db, transaction
from admin.models.reconciliation import DiscrepancyState, RunState
from admin.payments.history.story import MOST_SHOWN
from admin.payments.service import add_note
from admin.webhooks.service import receive_event, work_events
from tests.payments.looking import EN, HOUR, UID, show, timeline


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
