"""One database belongs to one gateway and one key."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

import pytest
import sqlalchemy as sa
from flask import Flask

from admin.app import build_app
from admin.config import Settings
from admin.gateway.client import Gateway
from admin.gateway.settings import GatewaySettings
from admin.models import AuditEntry, GatewayBinding, MoneyOperation, Payment, db, transaction
from admin.operations.binding import BoundElsewhere, bind, check_gateway
from admin.operations.errors import WrongGateway
from admin.operations.resolver import look
from admin.payments.service import sync_payment
from tests.conftest import KEY, SECRET
from tests.people import Person
from tests.stand_in import StandIn

pytestmark = pytest.mark.slow

OTHERS = [
    {"gateway_key": "another_key"},
    {"gateway_url": "https://api.iamport.kr"},
    {"include_sandbox": True},
]


@pytest.mark.parametrize("other", OTHERS, ids=lambda one: next(iter(one)))
def test_another_gateway_or_key_stops_the_start_with_one_sentence(
    other: dict[str, object], app: Flask, settings: Settings
) -> None:
    with pytest.raises(BoundElsewhere) as caught:
        build_app(replace(settings, **other))  # type: ignore[arg-type]
    said = str(caught.value)
    assert said.count(". ") == 0, "one sentence"
    assert "DATABASE_URL" in said
    assert SECRET not in said
    assert KEY not in said, "the key is named by its fingerprint"


def test_the_same_gateway_starts_again(app: Flask, settings: Settings) -> None:
    assert build_app(settings).extensions["gateway"].host == app.extensions["gateway"].host


def test_the_binding_is_made_once(app: Flask) -> None:
    assert db.session.scalar(sa.select(sa.func.count()).select_from(GatewayBinding)) == 1


def test_processes_that_start_together_bind_it_once(
    app: Flask, gateway: Gateway, now: datetime
) -> None:
    with transaction():
        db.session.execute(sa.delete(GatewayBinding))
    written = len(bound_entries())
    together = threading.Barrier(8)

    def start(_: int) -> None:
        with app.app_context():
            assert db.session.get(GatewayBinding, 1) is None
            db.session.remove()
            together.wait()
            bind(gateway, include_sandbox=False, now=now)

    with ThreadPoolExecutor(8) as processes:
        list(processes.map(start, range(8)))

    db.session.remove()  # what was read before is not what stands now
    assert db.session.get_one(GatewayBinding, 1).fingerprint == gateway.key_fingerprint
    assert len(bound_entries()) == written + 1


def bound_entries() -> list[AuditEntry]:
    wanted = sa.select(AuditEntry).where(AuditEntry.action == "gateway.bound")
    return list(db.session.scalars(wanted))


@pytest.fixture
def elsewhere(stand_in: StandIn) -> Gateway:
    """The same gateway under another key."""
    return Gateway(GatewaySettings(stand_in.url, "another_key", SECRET, include_sandbox=False))


def refund_by(person: Person, payment: Payment) -> MoneyOperation:
    fields = person.hidden_fields(f"/payments/{payment.id}/refunds/new")
    form = {**fields, "amount": "3000", "reason": "defective", "note": ""}
    answer = person.post(f"/payments/{payment.id}/refunds/", form)
    assert answer.status_code == 303, answer.text
    return db.session.get_one(MoneyOperation, answer.location.rsplit("/", 1)[1])


@pytest.fixture
def unknown(stand_in: StandIn, gateway: Gateway, support: Person, now: datetime) -> MoneyOperation:
    """A refund whose answer never came."""
    stand_in.paid("imp_100000000001")
    applied = sync_payment("imp_100000000001", source="tests", gateway=gateway, now=now)
    stand_in.fail_next("/payments/cancel", "drop", when="after_commit")
    return refund_by(support, db.session.get_one(Payment, applied.payment_id))


def test_an_operation_of_another_gateway_is_neither_sent_nor_judged(
    unknown: MoneyOperation, elsewhere: Gateway, stand_in: StandIn, now: datetime
) -> None:
    state, asked = unknown.state, len(stand_in.requests())
    with pytest.raises(WrongGateway):
        look(unknown.id, gateway=elsewhere, now=now)
    db.session.expire_all()
    assert unknown.state is state
    assert len(stand_in.requests()) == asked, "the other gateway was not even asked"


def test_an_operation_whose_record_names_another_key_is_refused(
    unknown: MoneyOperation, gateway: Gateway, now: datetime
) -> None:
    check_gateway(unknown, gateway)
    with transaction():
        db.session.execute(
            sa.update(MoneyOperation)
            .where(MoneyOperation.id == unknown.id)
            .values(gateway_fingerprint="of-another-key")
        )
    db.session.expire_all()
    with pytest.raises(WrongGateway):
        look(unknown.id, gateway=gateway, now=now)


def test_nothing_is_sent_from_a_database_of_another_gateway(
    support: Person, stand_in: StandIn, gateway: Gateway, now: datetime
) -> None:
    stand_in.paid("imp_100000000001")
    applied = sync_payment("imp_100000000001", source="tests", gateway=gateway, now=now)
    page = f"/payments/{applied.payment_id}/refunds/"
    form = {**support.hidden_fields(page + "new"), "amount": "3000", "reason": "defective"}
    with transaction():
        db.session.execute(sa.update(GatewayBinding).values(fingerprint="of-another-key"))

    answer = support.post(page, form)

    assert answer.status_code == 422
    assert stand_in.requests(path="/payments/cancel") == []
    assert stand_in.payment("imp_100000000001")["cancel_amount"] == 0
