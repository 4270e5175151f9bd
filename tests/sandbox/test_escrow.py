"""/escrows/logis: one delivery per paid escrow order."""

import json

import pytest

from tests.sandbox.conftest import Api
from tests.sandbox.contract import Contract

LOGIS = {"company": "CJGLS", "invoice": "681234567890", "sent_at": 1_795_400_000}
BODY = {"sender": {"name": "이음상점"}, "receiver": {"name": "최수아"}, "logis": LOGIS}


def path(payment: dict[str, object]) -> str:
    return f"/escrows/logis/{payment['imp_uid']}"


@pytest.fixture
def order(api: Api) -> dict[str, object]:
    return api.plant(pay_method="trans", escrow=True)


def test_register_and_read(api: Api, order: dict[str, object], contract: Contract) -> None:
    registered = api.post(path(order), json=BODY).json()
    contract.check("POST /escrows/logis/{imp_uid}", registered)
    read = api.get(path(order)).json()
    contract.check("GET /escrows/logis/{imp_uid}", read)

    assert read["response"] == registered["response"]
    assert read["response"] | LOGIS == read["response"]
    assert read["response"]["applied_at"] == pytest.approx(api.now, abs=2)


def test_second_registration_is_409(api: Api, order: dict[str, object]) -> None:
    assert api.post(path(order), json=BODY).status_code == 200
    assert api.post(path(order), json=BODY).status_code == 409
    assert len(api.control("ledger", method="GET")) == 1


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"escrow": False}, 409),
        ({"status": "ready", "paid_at": 0, "pay_method": "vbank"}, 409),
        ({"status": "cancelled", "cancel_amount": 10_000}, 409),
    ],
)
def test_only_paid_escrow_orders(api: Api, fields: dict[str, object], status: int) -> None:
    payment = api.plant(**{"pay_method": "trans", "escrow": True} | fields)

    assert api.post(path(payment), json=BODY).status_code == status


def test_unknown_payment_is_404_and_no_delivery_409(api: Api, order: dict[str, object]) -> None:
    assert api.get("/escrows/logis/imp_none").status_code == 404
    assert api.post("/escrows/logis/imp_none", json=BODY).status_code == 404
    assert api.get(path(order)).status_code == 409


@pytest.mark.parametrize("missing", ["company", "invoice", "sent_at"])
def test_incomplete_delivery_is_400(api: Api, order: dict[str, object], missing: str) -> None:
    logis = {name: value for name, value in LOGIS.items() if name != missing}

    assert api.post(path(order), json={"logis": logis}).status_code == 400
    assert api.post(path(order), json={}).status_code == 400


@pytest.mark.parametrize(
    ("given", "kept"), [("KGB", "KGB"), ("LOGEN", "KGB"), ("KOREX", "CJGLS"), ("DHL", "ETC")]
)
def test_couriers(api: Api, order: dict[str, object], given: str, kept: str) -> None:
    body = {"logis": LOGIS | {"company": given}}

    assert api.post(path(order), json=body).json()["response"]["company"] == kept


def test_nested_form_and_json_text(api: Api) -> None:
    first = api.plant(pay_method="trans", escrow=True)
    second = api.plant(pay_method="trans", escrow=True)
    bracketed = {f"logis[{name}]": str(value) for name, value in LOGIS.items()}

    assert api.post(path(first), data=bracketed).status_code == 200
    assert api.post(path(second), data={"logis": json.dumps(LOGIS)}).status_code == 200


def test_choice_delivery_may_be_changed_until_the_buyer_confirms(
    api: Api, order: dict[str, object]
) -> None:
    """PUT is taken for KCP, of which papers disagree, until the buyer has confirmed."""
    changed = {"logis": LOGIS | {"invoice": "1"}}
    assert api.put(path(order), json=changed).status_code == 409
    api.post(path(order), json=BODY)
    assert api.put(path(order), json=changed).json()["response"]["invoice"] == "1"
    api.control("buyer/escrow", {"imp_uid": order["imp_uid"], "decision": "confirmed"})
    assert api.put(path(order), json=BODY).status_code == 409
