"""S34: looking changes nothing. S73: and looking at people leaves its trace."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask

from admin.domain.permissions import Role
from admin.models import AuditEntry, Payment, db
from tests.people import Person
from tests.security.matrix import LINES, SAFE

pytestmark = pytest.mark.slow

LINK = re.compile(r'<(?:a|link)\b[^>]*\bhref="([^"#]*)')
# What looking may write: who looked, that somebody is there, and when the gateway was asked and
# answered. A page that shows an amount about to be refunded asks first, and says when it did. And
# a note that called a person to a payment knows that they came.
MAY_CHANGE: dict[str, set[str] | None] = {
    "audit_entries": None,
    "sign_in_sessions": None,
    "gateway_tokens": None,
    "gateway_binding": {"fetch_seq", "seen_at"},
    "payments": {"checked_at", "fetch_seq"},
    "observations": None,
    "note_mentions": {"opened_at"},
}
ENDS_SESSION = "/sign-in/code"
MOST_PAGES = 250


def digest() -> dict[str, list[Any]]:
    """Every row of every table, without what looking may write."""
    found = {}
    with db.engine.connect() as connection:
        for name, table in sorted(db.metadata.tables.items()):
            free = MAY_CHANGE.get(name, set())
            if free is None:
                continue
            columns = [column for column in table.columns if column.name not in free]
            rows = connection.execute(sa.select(*columns).order_by(*table.primary_key))
            found[name] = [tuple(row) for row in rows]
    return found


def crawl(person: Person) -> dict[str, int]:
    """Open every page that links lead to, and every address of the matrix."""
    waiting = ["/", *(line.path for line in LINES if line.method in SAFE)]
    seen: dict[str, int] = {}
    while waiting and len(seen) < MOST_PAGES:
        path = waiting.pop(0)
        if path in seen or path.startswith((ENDS_SESSION, "/static/")):
            continue
        db.session.remove()  # nothing read for one page is at hand for the next
        answer = person.get(path, buffered=True)
        seen[path] = answer.status_code
        if answer.mimetype == "text/html":
            links = (urljoin(path, html.unescape(one)) for one in LINK.findall(answer.text))
            waiting += [one for one in links if not urlsplit(one).netloc and one.startswith("/")]
    return seen


@pytest.fixture
def admin(sign_in: Callable[[Role], Person]) -> Person:
    return sign_in(Role.ADMIN)


def test_security_s34_opening_every_page_changes_nothing(
    shop: dict[str, Payment], admin: Person
) -> None:
    pages = [f"/payments/{payment.id}" for payment in shop.values()]
    before = digest()

    seen = crawl(admin)

    assert digest() == before
    assert len(seen) > 60, "the crawl went through the shop"
    assert {path: status for path, status in seen.items() if status >= 500} == {}
    assert {seen[page] for page in pages} == {200}


def test_security_s34_the_digest_sees_a_change(shop: dict[str, Payment], admin: Person) -> None:
    before = digest()
    payment = next(iter(shop.values()))
    admin.post(f"/payments/{payment.id}/notes/", {"text": "one more"})
    assert digest() != before


PERSONAL = re.compile("이도윤|010-?1234|doyun@")
# Pages on which names, numbers or addresses of buyers and customers may stand, with their action.
CATALOGUE = {
    "payment_requests.index": "payment_requests.searched",
    "payment_requests.show": "payment_request.viewed",
    "payments.index": "payments.searched",
    "payments.listed": "payments.searched",
    "payments.show": "payment.viewed",
    "payments.looks": "payment.viewed",
    "exports.index": "exports.searched",
    "exports.show": "export.viewed",
    "exports.passport": "export.viewed",
    "exports.download": "export.downloaded",
    "dashboard.index": "dashboard.viewed",
    "orders.index": "orders.searched",
    "orders.show": "order.viewed",
    "order_imports.show": "order_import.viewed",
    "order_imports.mapping": "order_import.viewed",
    "order_imports.export": "order_import.exported",
    "refunds.index": "refunds.searched",
    "refunds.new": "payment.viewed",
    "refund_batches.index": "refund_batches.searched",
    "refund_batches.show": "refund_batch.viewed",
    "refund_batches.export": "refund_batch.exported",
    "delivery_batches.index": "delivery_batches.searched",
    "delivery_batches.show": "delivery_batch.viewed",
    "delivery_batches.export": "delivery_batch.exported",
    "customers.index": "customers.searched",
    "customers.show": "customer.viewed",
    "customers.new_charge": "customer.viewed",
    "cards.new_card": "customer.viewed",
    "cards.new_payment": "customer.viewed",
    "billing_keys.deletion": "billing_key.viewed",
    "billing_keys.schedules": "billing_key.viewed",
    "billing_keys.new_schedule": "billing_key.viewed",
    "billing_keys.new_revocation": "billing_key.viewed",
    "escrow_orders.board": "escrow_orders.searched",
    "escrow_orders.index": "escrow_orders.searched",
    "escrow_orders.show": "escrow_order.viewed",
    "inquiries.index": "inquiries.searched",
    "inquiries.show": "inquiry.viewed",
    "reconciliation.show": "discrepancy.viewed",
    "reconciliation.export": "discrepancies.exported",
    "reports.export": "report.exported",
    "search.index": "search.searched",
    "search.hits": "search.searched",
    "audit.index": "audit.viewed",
}


def test_security_s73_every_page_of_personal_data_declares_its_action(app: Flask) -> None:
    declared = {
        endpoint: view.audit_action
        for endpoint, view in app.view_functions.items()
        if getattr(view, "audit_action", "")
    }
    assert declared == CATALOGUE


def test_security_s73_no_other_page_shows_who_bought(
    shop: dict[str, Payment], admin: Person, app: Flask
) -> None:
    """Found by looking: what shows the buyer's name, number or address is in the catalogue."""
    showing = set()
    for path in crawl(admin):
        body = admin.get(path, buffered=True).get_data().decode(errors="replace")
        if PERSONAL.search(body):
            adapter = app.url_map.bind("localhost")
            endpoint, _ = adapter.match(urlsplit(path).path)
            showing.add(endpoint)
    assert "payments.show" in showing
    assert showing - set(CATALOGUE) == set()


def test_security_s73_a_view_is_written_with_who_whose_and_from_where(
    shop: dict[str, Payment], finance: Person
) -> None:
    payment = next(iter(shop.values()))
    finance.get(f"/payments/{payment.id}")

    query = sa.select(AuditEntry).where(AuditEntry.action == "payment.viewed")
    entry = db.session.scalars(query.order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert finance.operator is not None
    assert (entry.operator_id, entry.subject) == (finance.operator.id, f"payment:{payment.id}")
    assert entry.ip == "127.0.0.1"
    assert entry.request_id
    assert entry.at.tzinfo is not None


def test_security_s73_what_was_searched_is_kept_as_a_fingerprint(
    shop: dict[str, Payment], finance: Person
) -> None:
    for _ in range(2):
        finance.get("/payments/?q=010-1234-4821")
    query = sa.select(AuditEntry).where(AuditEntry.action == "payments.searched")
    entries = db.session.scalars(query).all()
    assert len(entries) == 2
    assert len({entry.facts["search"] for entry in entries}) == 1, "equal searches can be told"
    assert all(
        "1234" not in entry.facts["search"] or len(entry.facts["search"]) == 16 for entry in entries
    )
    assert all("010-1234" not in str(entry.facts) for entry in entries)


def test_security_s73_changes_are_written_with_their_person(
    shop: dict[str, Payment], finance: Person
) -> None:
    payment = next(iter(shop.values()))
    finance.post(f"/payments/{payment.id}/notes/", {"text": "기록"})
    finance.post(f"/payments/{payment.id}/checks/")
    finance.post("/sign-out")
    assert finance.operator is not None
    query = sa.select(AuditEntry.action).where(AuditEntry.operator_id == finance.operator.id)
    assert {"note.added", "sign_in.done", "sign_out.done"} <= set(db.session.scalars(query))
