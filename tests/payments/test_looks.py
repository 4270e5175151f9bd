"""Any two looks at a payment, field by field."""

from __future__ import annotations

import json
import re
from html import unescape

import sqlalchemy as sa

from admin.domain.merging import FIELDS
from admin.models import AuditEntry, Observation, db, transaction
from tests.payments.looking import EN, HOUR, UID, look, text_of
from tests.payments.trade import a_payment, take_in


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
