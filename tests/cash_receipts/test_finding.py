"""A payment is found by its receipt's number, whole or in part, and its page shows the receipt."""

from __future__ import annotations

from datetime import timedelta

import pytest

from admin.cash_receipts.service import learn
from admin.domain.clock import kst_date
from admin.domain.search.parsing import parse
from admin.models import CashReceipt, Payment, db, transaction
from admin.payments.finding import MANY, PaymentFilter, plan
from admin.payments.queries import find_exact
from admin.payments.service import sync_payment
from sandbox.numbering import automatic_receipt_num
from tests.cash_receipts.test_collecting import FIRST, SECOND, asked, issued, round_of
from tests.payments.looking import EN
from tests.payments.test_page import section
from tests.payments.trade import every_row, plant, take_in

HOUR = timedelta(hours=1)
NUMBER = automatic_receipt_num(FIRST)
PARTS = [NUMBER, NUMBER[:4], NUMBER[2:7], NUMBER[-4:]]


def found(text: str, now, *, many: int = MANY) -> list[str]:
    query = parse(text, today=kst_date(now)).query
    rows = every_row(plan(PaymentFilter(query=query), now=now, many=many))
    return [row.imp_uid for row in rows]


@pytest.fixture
def keys(stand_in, gateway, now):
    """Two transfers with receipts, learned in a round, and one whose receipt is unknown."""
    trade = [issued(number, now - number * HOUR) for number in (1, 2)]
    keys = take_in(stand_in, gateway, *trade, now=now)
    round_of(gateway, now)
    return keys | take_in(stand_in, gateway, issued(3, now - HOUR), now=now)


@pytest.mark.parametrize("many", [MANY, 0], ids=["few", "many"])
def test_any_part_of_a_number_finds_its_payment(keys, now, many):
    for part in PARTS:
        for text in (part, f"현금영수증:{part}", f"receipt:{part}"):
            assert found(text, now, many=many) == [FIRST], text
    assert found(f"현금영수증={NUMBER}", now, many=many) == [FIRST]
    assert found(f"현금영수증={NUMBER[:-1]}", now, many=many) == []
    assert found(f"-현금영수증:{NUMBER}", now, many=many) == ["imp_000000000003", SECOND]
    assert found("현금영수증:000000000", now, many=many) == []
    assert found(f"승인번호:{NUMBER}", now, many=many) == []


def test_a_whole_number_names_its_payment(keys, viewer):
    assert find_exact(NUMBER) == keys[FIRST]
    assert find_exact(NUMBER[:-1]) is None
    answer = viewer.get("/payments/", query_string={"q": NUMBER})
    assert (answer.status_code, answer.location) == (303, f"/payments/{keys[FIRST]}")


def test_the_number_stays_found_when_the_payment_changes(keys, stand_in, gateway, now):
    plant(stand_in, issued(1, now - HOUR, buyer_name="김서연"))
    sync_payment(FIRST, source="sync", gateway=gateway, now=now + HOUR)

    assert found(f"김서연 {NUMBER[:5]}", now) == [FIRST]


def test_a_newer_receipt_takes_the_place_of_the_old_number(keys, stand_in, gateway, now):
    gateway.revoke_cash_receipt(FIRST)
    newer = gateway.issue_cash_receipt(FIRST, identifier="010-1234-5678").apply_num

    learn(keys[FIRST], FIRST, gateway=gateway, now=now + HOUR)

    assert (find_exact(newer), find_exact(NUMBER)) == (keys[FIRST], None)
    assert found(newer, now) == [FIRST]
    assert found(NUMBER, now) == []


def test_what_became_of_a_receipt_elsewhere_is_learned_with_its_payment(
    keys, stand_in, gateway, now
):
    receipt = db.session.get_one(CashReceipt, keys[FIRST])
    asked_before = len(asked(stand_in))

    gateway.revoke_cash_receipt(FIRST)
    sync_payment(FIRST, source="sync", gateway=gateway, now=now + HOUR)
    round_of(gateway, now + HOUR)
    db.session.refresh(receipt)
    assert receipt.cancelled_at is not None

    newer = gateway.issue_cash_receipt(FIRST, identifier="010-1234-5678").apply_num
    sync_payment(FIRST, source="sync", gateway=gateway, now=now + 2 * HOUR)
    round_of(gateway, now + 2 * HOUR)
    assert (find_exact(newer), find_exact(NUMBER)) == (keys[FIRST], None)

    round_of(gateway, now + 3 * HOUR)
    looks = [uid for uid in asked(stand_in)[asked_before:] if uid == FIRST]
    assert len(looks) == 2 + 2  # two of the rounds', the revocation and the newer one


def test_an_answer_that_was_overtaken_is_asked_for_again(keys, gateway, now):
    """The receipt is revoked, and the mirror told so, while its number is on the way to us."""

    class Overtaken:
        def get_cash_receipt(self, imp_uid):
            told = gateway.get_cash_receipt(imp_uid)
            gateway.revoke_cash_receipt(imp_uid)
            sync_payment(imp_uid, source="sync", gateway=gateway, now=now)
            return told

    learn(keys[FIRST], FIRST, gateway=Overtaken(), now=now)
    receipt = db.session.get_one(CashReceipt, keys[FIRST])
    assert receipt.cancelled_at is None

    round_of(gateway, now)

    db.session.refresh(receipt)
    assert receipt.cancelled_at is not None


def test_the_page_shows_the_receipt_and_who_cancelled_it(keys, viewer, gateway, now):
    address = f"/payments/{keys[FIRST]}"
    page = viewer.get(address, **EN).text
    receipts = section(page, "Receipts")
    assert f"Cash receipt number {NUMBER}" in receipts
    assert "Cash receipt issued" in receipts
    assert "Cash receipt cancelled" not in receipts
    assert f'data-copy="{NUMBER}"' in page
    assert "cmd=cash_bill" in page
    assert gateway.get_cash_receipt(FIRST).kind == "person"
    assert "income deduction" in receipts

    gateway.revoke_cash_receipt(FIRST)
    learn(keys[FIRST], FIRST, gateway=gateway, now=now)

    assert "Cash receipt cancelled" in section(viewer.get(address, **EN).text, "Receipts")


def test_an_address_that_is_not_kcps_is_not_linked(keys, viewer):
    with transaction():
        db.session.get_one(CashReceipt, keys[FIRST]).receipt_url = "https://evil.example/slip"

    page = viewer.get(f"/payments/{keys[FIRST]}", **EN).text

    assert "not one of KCP" in section(page, "Receipts")
    assert "evil.example" not in page


def test_the_page_says_what_is_not_known(keys, viewer, stand_in, gateway, now):
    third = "imp_000000000003"
    address = f"/payments/{keys[third]}"
    assert "not been asked for yet" in section(viewer.get(address, **EN).text, "Receipts")

    plant(stand_in, issued(3, now - HOUR, cash_receipt_issued=False))
    round_of(gateway, now)

    assert db.session.get_one(Payment, keys[third]).cash_receipt_issued
    assert "told no number" in section(viewer.get(address, **EN).text, "Receipts")
