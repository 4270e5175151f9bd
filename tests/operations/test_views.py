"""The page of one outcome: safe to reload, and never surer than the evidence."""

from __future__ import annotations

from datetime import timedelta

from admin.domain.operation import OperationState
from admin.models import transaction
from tests.operations.conftest import UID
from tests.operations.desk import fresh

CANCEL = "/payments/cancel"
LOOK = f"/payments/{UID}"
EN = {"headers": {"Accept-Language": "en"}}


def test_an_unknown_outcome_is_shown_as_unknown_everywhere(support, desk, payment, stand_in):
    stand_in.fail_next(CANCEL, "drop", method="POST")
    operation = desk.refund(payment, 3_000)

    page = support.get(f"/operations/{operation.id}", **EN).text
    listed = support.get("/operations/", **EN).text
    paid = support.get(f"/payments/{payment.id}", **EN).text

    assert "Finding out what became of the refund of 3,000 KRW" in page
    for text in ("was refunded", "was not made"):
        assert text not in page
    assert operation.id in listed
    assert f"/payments/{payment.id}/refunds/new" not in paid


def test_reloading_the_page_sends_nothing(support, desk, payment, stand_in):
    operation = desk.refund(payment, 3_000)

    for _ in range(3):
        page = support.get(f"/operations/{operation.id}", **EN).text

    assert "3,000 KRW was refunded" in page
    assert len(stand_in.requests(path=CANCEL)) == len(stand_in.effects()) == 1


def test_opening_the_page_looks_only_when_a_look_is_due(support, desk, payment, stand_in):
    stand_in.fail_next(CANCEL, "drop", method="POST", when="after_commit")
    operation = desk.refund(payment, 3_000)
    before = len(stand_in.requests(path=LOOK))

    support.get(f"/operations/{operation.id}")
    assert len(stand_in.requests(path=LOOK)) == before

    with transaction():
        operation.next_look_at = desk.now - timedelta(seconds=1)
    page = support.get(f"/operations/{operation.id}", **EN).text
    assert "3,000 KRW was refunded" in page
    assert fresh(operation).state is OperationState.SUCCEEDED


def test_a_look_that_shows_nothing_says_so_and_may_be_asked_again(support, desk, payment, stand_in):
    stand_in.fail_next(CANCEL, "drop", method="POST")
    operation = desk.refund(payment, 3_000)
    before = len(stand_in.requests(path=LOOK))

    for _ in range(2):
        answer = support.post(f"/operations/{operation.id}/looks/", follow_redirects=True, **EN)
        assert "still not known" in answer.text

    assert len(stand_in.requests(path=LOOK)) - before == 2


def test_fault_f08_the_gateways_html_is_never_shown_as_html(support, desk, payment, stand_in):
    stand_in.fail_next(CANCEL, "code", method="POST", message="<script>alert(1)</script>")
    operation = desk.refund(payment, 3_000)

    page = support.get(f"/operations/{operation.id}", **EN).text

    assert "<script>alert" not in page
    assert "was not made" in page


def test_an_operation_of_another_gateway_is_shown_and_not_judged(support, desk, payment, stand_in):
    stand_in.fail_next(CANCEL, "drop", method="POST", when="after_commit")
    operation = desk.refund(payment, 3_000)
    with transaction():
        operation.gateway_fingerprint = "another"
        operation.next_look_at = desk.now
    before = len(stand_in.requests(path=LOOK))

    assert support.get(f"/operations/{operation.id}").status_code == 200
    answer = support.post(f"/operations/{operation.id}/looks/", **EN)

    assert answer.status_code == 422
    assert "another gateway" in answer.text
    assert len(stand_in.requests(path=LOOK)) == before
    assert fresh(operation).state is OperationState.UNKNOWN


def test_an_operation_that_is_not_there_is_not_found(viewer):
    assert viewer.get("/operations/01ARZ3NDEKTSV4RRFFQ69G5FAV").status_code == 404
    assert viewer.post("/operations/01ARZ3NDEKTSV4RRFFQ69G5FAV/looks/").status_code == 403
