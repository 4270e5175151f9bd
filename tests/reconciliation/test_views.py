"""The desk, one difference with both sides, and its explanation."""

from __future__ import annotations

import csv
import io

from admin.models import ReconciliationRun, db
from admin.models.reconciliation import DiscrepancyState
from tests.orders.books import an_order
from tests.payments.trade import plant, refunded
from tests.reconciliation.conftest import discrepancies

EN = {"headers": {"Accept-Language": "en"}}


def compare(person, day):
    form = {"day": str(day)}
    return person.post("/reconciliation/runs/", form, follow_redirects=True, **EN)


def test_a_day_is_run_looked_at_and_explained_from_the_pages(finance, stand_in, book, day, noon):
    plant(stand_in, refunded(1, noon, 4_000))
    book(an_order("ORD-000001", noon))

    desk = compare(finance, day)
    assert "0 matched, 1 differ." in desk.text
    [found] = discrepancies()
    assert f"/reconciliation/discrepancies/{found.id}" in desk.text

    page = finance.get(f"/reconciliation/discrepancies/{found.id}", **EN).text
    for text in ("10,000", "4,000", "6,000", "ORD-000001"):
        assert text in page

    address = f"/reconciliation/discrepancies/{found.id}/resolution"
    refused = finance.post(address, {"note": "4111 1111 1111 1111"})
    assert refused.status_code == 422
    assert "1111" not in refused.text
    assert finance.post(address, {"note": ""}).status_code == 422
    assert discrepancies()[0].state is DiscrepancyState.OPEN
    finance.post(address, {"note": "콘솔에서 일부 취소함"})
    assert discrepancies()[0].resolution == "콘솔에서 일부 취소함"
    assert "콘솔에서 일부 취소함" in finance.get(page_of(found), **EN).text


def test_a_look_again_closes_what_no_longer_differs(finance, stand_in, book, day, noon):
    plant(stand_in, refunded(1, noon, 4_000))
    book(an_order("ORD-000001", noon))
    compare(finance, day)
    [found] = discrepancies()
    book(an_order("ORD-000001", noon, believed_cancelled=4_000))

    finance.post(f"{page_of(found)}/checks/")

    assert discrepancies()[0].state is DiscrepancyState.RESOLVED


def test_a_day_that_is_none_is_refused_at_its_field(finance):
    for typed in ("2026-02-30", "", "2099-01-01", "0001-01-01"):
        assert compare(finance, typed).status_code == 422
    assert db.session.query(ReconciliationRun).count() == 0


def test_a_gateway_that_fails_is_told(finance, stand_in, day):
    stand_in.fail_next("/payments/status/paid", "code", code=-1)

    assert "could not be read whole" in compare(finance, day).text


def test_the_register_is_taken_away_as_a_file(finance, stand_in, book, day, noon):
    plant(stand_in, refunded(1, noon, 4_000))
    book(an_order("ORD-000001", noon))
    compare(finance, day)

    answer = finance.get("/reconciliation/export.csv", **EN)
    [row] = csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline=""))

    assert (row["Code"], row["Order no."], row["At risk"]) == ("S05", "ORD-000001", "4000")
    assert (row["Our cancelled"], row["Gateway cancelled"]) == ("0", "4000")


def test_support_sees_none_of_it(support, day):
    assert support.get("/reconciliation/").status_code == 403
    assert compare(support, day).status_code == 403


def page_of(found) -> str:
    return f"/reconciliation/discrepancies/{found.id}"
