"""What each answer to a delivery registration leads to. KCP takes no correction afterwards."""

from __future__ import annotations

import httpx
import pytest
import sqlalchemy as sa

from admin.domain.escrow import DeliveryNotice, EscrowState
from admin.domain.operation import OperationState
from admin.models import Delivery, EscrowOrder, db, transaction
from admin.operations.kinds.delivery import keep_delivery
from tests.conftest import KEY, SECRET
from tests.operations.conftest import UID
from tests.operations.desk import Network, refused

pytestmark = pytest.mark.slow

LOGIS = f"/escrows/logis/{UID}"
Q = OperationState


def order() -> EscrowOrder:
    db.session.expire_all()
    return db.session.query(EscrowOrder).one()


def registered_in_the_console(stand_in, now, *, company="CJGLS", invoice="123456789012") -> None:
    """Somebody registers a parcel without us."""
    pair = {"imp_key": KEY, "imp_secret": SECRET}
    answer = httpx.post(f"{stand_in.url}/users/getToken", json=pair, trust_env=False)
    token = answer.json()["response"]["access_token"]
    logis = {"company": company, "invoice": invoice, "sent_at": int(now.timestamp()) - 600}
    httpx.post(
        stand_in.url + LOGIS,
        json={"logis": logis},
        headers={"Authorization": token},
        trust_env=False,
    ).raise_for_status()


def test_a_registered_parcel_is_kept_with_its_operation(desk, parcel, stand_in):
    operation = desk.deliver(parcel)

    assert operation.state is Q.SUCCEEDED
    assert order().state is EscrowState.SHIPPED
    delivery = order().delivery
    assert (delivery.company, delivery.invoice) == ("CJGLS", "123456789012")
    assert delivery.operation_id == operation.id
    assert [one["kind"] for one in stand_in.effects()] == ["delivery"]


@pytest.mark.parametrize("action", ["drop", "status", "garbage"])
def test_fault_f57_a_registration_behind_an_unclear_answer_is_found_by_looking(
    desk, parcel, stand_in, action
):
    stand_in.fail_next(LOGIS, action, method="POST", when="after_commit")

    operation = desk.deliver(parcel)

    assert operation.state is Q.UNKNOWN
    assert desk.look(operation, seconds=15).state is Q.SUCCEEDED
    assert order().delivery.invoice == "123456789012"
    assert (stand_in.sent(LOGIS), len(stand_in.effects())) == (1, 1)


def test_a_registration_that_never_arrived_is_called_so_after_the_quiet_period(
    desk, parcel, stand_in
):
    stand_in.fail_next(LOGIS, "drop", method="POST", when="before_commit")
    operation = desk.deliver(parcel)

    assert desk.look(operation, minutes=9).state is Q.UNKNOWN
    assert desk.look(operation, minutes=12).state is Q.NOT_EXECUTED
    assert order().state is EscrowState.TO_SHIP
    assert desk.deliver(parcel).state is Q.SUCCEEDED


@pytest.mark.parametrize(
    ("invoice", "state"),
    [("123456789012", Q.SUCCEEDED), ("999999999999", Q.MISMATCH)],
    ids=["the_same", "another"],
)
def test_fault_f57_a_409_is_compared_with_what_is_registered(
    desk, parcel, stand_in, connect, *, invoice, state
):
    elsewhere = connect(
        network=Network(
            "POST",
            LOGIS,
            lambda _r, _f: registered_in_the_console(stand_in, desk.now, invoice=invoice),
        )
    )

    operation = desk.deliver(parcel, gateway=elsewhere)

    assert operation.state is state
    assert order().delivery.invoice == invoice
    assert len(stand_in.effects()) == 1


def test_a_parcel_seen_before_sending_is_not_registered_again(desk, parcel, stand_in, now):
    registered_in_the_console(stand_in, now, invoice="999999999999")

    operation = desk.deliver(parcel)

    assert operation.state is Q.REJECTED
    assert stand_in.sent(LOGIS) == 1  # the colleague's
    assert order().state is EscrowState.SHIPPED
    assert order().delivery.operation_id is None


def test_fault_f04_a_registration_that_could_not_be_sent_is_not_executed(
    desk, parcel, stand_in, connect
):
    nobody = connect(network=Network("POST", LOGIS, refused))

    assert desk.deliver(parcel, gateway=nobody).state is Q.NOT_EXECUTED
    assert stand_in.effects() == []


def test_a_409_with_nothing_registered_is_a_failure(desk, parcel, stand_in):
    stand_in.fail_next(LOGIS, "status", method="POST", status=409)

    operation = desk.deliver(parcel)

    assert operation.state is Q.FAILED
    desk.sweep(seconds=75)
    assert (operation.state, operation.next_look_at) == (Q.FAILED, None)


def test_a_parcel_that_another_look_kept_meanwhile_is_not_kept_twice(desk, parcel):
    desk.deliver(parcel)
    kept = order().delivery
    notice = DeliveryNotice(company=kept.company, invoice="999", sent_at=kept.sent_at)
    db.session.rollback()
    with db.engine.begin() as elsewhere:
        row = dict(elsewhere.execute(sa.select(Delivery.__table__)).one()._mapping)
        elsewhere.execute(sa.delete(Delivery))
    db.session.expire_all()
    seen = order()
    assert seen.delivery is None  # read before the other look
    db.session.commit()
    with db.engine.begin() as elsewhere:
        elsewhere.execute(sa.insert(Delivery.__table__).values(**row))

    with transaction():
        keep_delivery(parcel.imp_uid, notice, operation_id=None, now=desk.now)

    assert db.session.scalars(sa.select(Delivery.invoice)).all() == ["999"]
