"""GET /payments/{imp_uid}/balance: PAYCO only."""

from tests.sandbox.conftest import Api
from tests.sandbox.contract import Contract


def test_balance_of_a_payco_payment_and_how_it_came_about(api: Api, contract: Contract) -> None:
    paid = api.plant(pay_method="payco", amount=11_000, tax_free=0)
    api.cancel(imp_uid=paid["imp_uid"], amount=4_400)
    envelope = api.get(f"/payments/{paid['imp_uid']}/balance").json()

    contract.check("GET /payments/{imp_uid}/balance", envelope)
    balance = envelope["response"]
    assert balance["amount"] == 6_600
    assert balance["primary"] == {"tax_free": 0, "supply": 6_000, "vat": 600, "service": 0}
    assert [one["primary"]["supply"] for one in balance["histories"]] == [10_000, 6_000]


def test_tax_free_part_carries_no_vat(api: Api) -> None:
    paid = api.plant(pay_method="payco", amount=5_000, tax_free=3_900)
    balance = api.get(f"/payments/{paid['imp_uid']}/balance").json()["response"]

    assert balance["primary"] == {"tax_free": 3_900, "supply": 1_000, "vat": 100, "service": 0}


def test_absent_payment_is_404_and_another_method_405(api: Api, contract: Contract) -> None:
    paid = api.plant()

    assert api.get("/payments/imp_none/balance").status_code == 404
    assert api.get(f"/payments/{paid['imp_uid']}/balance").status_code == 405
    assert contract.allows_status("GET /payments/{imp_uid}/balance", 405)


def test_abandoned_window_has_no_balance(api: Api) -> None:
    opened = api.plant(pay_method="payco", status="ready", paid_at=0)
    balance = api.get(f"/payments/{opened['imp_uid']}/balance").json()["response"]

    assert (balance["amount"], balance["histories"]) == (0, [])
