"""Escrow orders: items against the paid amount, and the one registration of a delivery."""

from __future__ import annotations

from datetime import timedelta

import pytest

from admin.domain.actor import Actor
from admin.domain.clock import KST
from admin.domain.errors import InvalidInput, NotAllowed, NotFound
from admin.domain.escrow import DeliveryAlreadyRegistered, DeliveryNotAllowed, EscrowState
from admin.domain.operation import OperationState
from admin.domain.permissions import Role
from admin.escrow_orders.service import check_escrow_order, look_for_deliveries
from admin.models import Delivery, EscrowOrder, db
from admin.operations.errors import OperationInProgress
from admin.orders.service import import_orders
from tests.operations.conftest import UID
from tests.operations.desk import audited, every_operation
from tests.operations.test_delivery_outcomes import registered_in_the_console
from tests.orders.books import an_order, write_orders
from tests.people import hidden_in

LOGIS = f"/escrows/logis/{UID}"
EN = {"headers": {"Accept-Language": "en"}}


def order(payment) -> EscrowOrder:
    db.session.expire_all()
    return db.session.get_one(EscrowOrder, payment.id)


def press(person, payment, now, *, looks=True, **fields):
    """Type a parcel, look it over on the next page, and register it."""
    address = f"/escrow-orders/{payment.id}"
    left = now.astimezone(KST) - timedelta(minutes=10)
    form = {
        **person.hidden_fields(address),
        "company": "CJGLS",
        "invoice": "1234-5678-9012",
        "sent_on": f"{left:%Y-%m-%d}",
        "sent_time": f"{left:%H:%M}",
        **fields,
    }
    shown = person.post(f"{address}/deliveries/", form, **EN)
    if shown.status_code != 200 or not looks:
        return shown
    form |= hidden_in(shown.text)
    return person.post(f"{address}/deliveries/", form, follow_redirects=True, **EN)


def test_a_delivery_is_registered_from_the_page_once(support, parcel, stand_in, now):
    answer = press(support, parcel, now)

    assert "The delivery is registered" in answer.text
    effects = [one["reason"] for one in stand_in.effects()]
    assert effects == ["CJGLS 123456789012"]
    page = support.get(f"/escrow-orders/{parcel.id}", **EN).text
    assert "123456789012" in page
    assert 'name="invoice"' not in page
    assert press(support, parcel, now, form_key="another-form").status_code == 409
    assert len(stand_in.effects()) == 1


@pytest.mark.slow
def test_a_parcel_that_cannot_be_is_refused_at_its_field(support, parcel, stand_in, now):
    wrong = [
        *[{"invoice": typed} for typed in ("", "1" * 8, "1" * 15, "12345678901a", "\x00")],
        *[{"company": typed} for typed in ("", "NOBODY")],
        *[{"sent_on": typed} for typed in ("", "2026-02-30", "2000-01-01", "2099-12-31")],
        {"sent_time": "25:00"},
    ]

    for fields in wrong:
        assert press(support, parcel, now, **fields).status_code == 422, fields

    assert stand_in.requests(path=LOGIS, method="POST") == []
    assert every_operation() == []


@pytest.mark.parametrize("items", [10_000, 9_500])
def test_the_items_are_held_against_the_paid_amount(viewer, parcel, tmp_path, now, items):
    number = parcel.merchant_uid
    file = write_orders(tmp_path, an_order(number, escrow="true", item_amount=items))
    import_orders(file, actor=Actor.system("tests"), now=now)

    page = viewer.get(f"/escrow-orders/{parcel.id}", **EN).text

    assert f"{items:,}" in page
    assert f"{number}-1" in page
    assert ("do not add up" in page) is (items != 10_000)
    assert ("−500" in page) is (items != 10_000)


def test_an_invoice_used_for_another_order_is_asked_about(support, desk, parcel, stand_in, now):
    desk.deliver(parcel)
    stand_in.paid("imp_100000000002", escrow=True)
    second = desk.know("imp_100000000002")

    shown = press(support, second, now, looks=False)
    assert "registered for another order already" in shown.text
    assert f"/escrow-orders/{parcel.id}" in shown.text

    answer = press(support, second, now)

    assert answer.status_code == 422
    assert 'name="same_invoice"' in answer.text
    assert 'name="same_invoice"' not in support.get(f"/escrow-orders/{second.id}", **EN).text
    assert len(stand_in.effects()) == 1
    press(support, second, now, same_invoice="y")  # ticked on the page that asks
    assert len(stand_in.effects()) == 2


def test_another_parcel_than_the_one_looked_over_is_shown_again(
    support, desk, parcel, stand_in, now
):
    """What the page signed is one parcel, and the order that shares its number."""
    stand_in.paid("imp_100000000002", escrow=True)
    second = desk.know("imp_100000000002")
    address = f"/escrow-orders/{parcel.id}/deliveries/"
    shown = press(support, parcel, now, looks=False)
    typed = {**hidden_in(shown.text), "invoice": "999999999999"}
    assert "9999 9999 9999" in support.post(address, typed, **EN).text
    assert support.post(address, hidden_in(shown.text) | {"looked": ""}, **EN).status_code == 200
    assert stand_in.requests(path=LOGIS, method="POST") == []

    desk.deliver(second)  # meanwhile, under the same number
    ticked = hidden_in(shown.text) | {"same_invoice": "y"}  # of an order nobody was shown
    again = support.post(address, ticked, **EN)
    assert 'name="same_invoice"' in again.text
    assert stand_in.requests(path=LOGIS, method="POST") == []


def test_what_is_typed_can_be_changed_after_looking(support, parcel, now):
    shown = press(support, parcel, now, looks=False)
    address = f"/escrow-orders/{parcel.id}/deliveries/"
    form = support.post(address, {**hidden_in(shown.text), "change": "1"}, **EN).text
    assert 'value="1234-5678-9012"' in form  # as it was typed
    assert "Look it over" in form


def test_a_second_registration_is_refused_before_anything_is_sent(desk, parcel, stand_in):
    desk.deliver(parcel)

    with pytest.raises(DeliveryAlreadyRegistered):
        desk.deliver(parcel, invoice="999999999999")
    assert len(stand_in.requests(path=LOGIS, method="POST")) == 1


def test_nothing_is_shipped_before_the_money_came_or_after_it_went(desk, stand_in, now):
    waiting = {
        "status": "ready", "paid_at": 0, "pay_method": "vbank", "vbank_num": "5620001",
        "vbank_date": int(now.timestamp()) + 3_600,
    }  # fmt: skip
    stand_in.paid(UID, escrow=True, **waiting)
    payment = desk.know(UID)
    with pytest.raises(DeliveryNotAllowed):
        desk.deliver(payment)

    stand_in.control("buyer/deposit", {"imp_uid": UID})
    stand_in.console_cancel(UID)
    desk.know(UID)
    with pytest.raises(DeliveryNotAllowed):
        desk.deliver(payment)
    assert stand_in.effects()[-1]["kind"] == "cancel"


def test_a_parcel_leaves_neither_tomorrow_nor_before_the_order_was_paid(desk, parcel, now):
    for sent_at in (now + timedelta(hours=1), now - timedelta(days=3)):
        with pytest.raises(InvalidInput) as refusal:
            desk.deliver(parcel, sent_at=sent_at)
        assert refusal.value.field == "sent_at"


def test_while_a_refund_is_unknown_nothing_is_shipped(desk, parcel, stand_in):
    stand_in.fail_next("/payments/cancel", "drop", method="POST")
    desk.refund(parcel, 10_000)

    with pytest.raises(OperationInProgress):
        desk.deliver(parcel)


def test_an_ordinary_payment_has_no_delivery(desk, stand_in, viewer):
    stand_in.paid(UID)
    payment = desk.know(UID)

    with pytest.raises(NotFound):
        desk.deliver(payment)
    assert viewer.get(f"/escrow-orders/{payment.id}").status_code == 404


def test_a_viewer_registers_nothing(viewer, desk, parcel, stand_in):
    assert viewer.post(f"/escrow-orders/{parcel.id}/deliveries/").status_code == 403
    desk.actor = Actor(name="Viewer", operator_id=viewer.operator.id, role=Role.VIEWER)
    with pytest.raises(NotAllowed):
        desk.deliver(parcel)
    assert stand_in.effects() == []


def test_a_delivery_registered_elsewhere_is_found_by_looking(desk, parcel, stand_in, now):
    assert check_escrow_order(parcel.id, actor=desk.actor, gateway=desk.gateway, now=now) is None
    assert order(parcel).looked_at == now
    assert order(parcel).state is EscrowState.TO_SHIP

    registered_in_the_console(stand_in, now)
    later = now + timedelta(hours=7)
    assert look_for_deliveries(gateway=desk.gateway, now=later) == 1
    assert look_for_deliveries(gateway=desk.gateway, now=later) == 0

    assert order(parcel).state is EscrowState.SHIPPED
    [delivery] = db.session.query(Delivery)
    assert (delivery.invoice, delivery.operation_id) == ("123456789012", None)
    assert "delivery.checked" in audited()


def test_the_list_holds_each_state_apart(viewer, desk, parcel, stand_in):
    stand_in.paid("imp_100000000002", escrow=True)
    shipped = desk.know("imp_100000000002")
    assert desk.deliver(shipped).state is OperationState.SUCCEEDED

    to_ship = viewer.get("/escrow-orders/?state=to_ship", **EN).text
    every = viewer.get("/escrow-orders/?q=책장", **EN).text

    assert f"/escrow-orders/{parcel.id}" in to_ship
    assert f"/escrow-orders/{shipped.id}" not in to_ship
    assert f"/escrow-orders/{shipped.id}" in every
    assert "20,000" in every  # what KCP holds
