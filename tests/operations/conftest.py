"""A person who decides, things to decide about, and other gateways."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import pytest

from admin.domain.actor import Actor
from admin.gateway.client import Gateway
from admin.gateway.settings import GatewaySettings
from admin.models import BillingKey, Customer, Payment, db, transaction
from tests.conftest import KEY, SECRET
from tests.operations.desk import Desk, Network
from tests.stand_in import StandIn

UID = "imp_100000000001"
Connect = Callable[..., Gateway]


@pytest.fixture
def desk(actor: Actor, gateway: Gateway, now: datetime) -> Desk:
    """A finance person who decides."""
    return Desk(actor, gateway, now)


@pytest.fixture
def connect(stand_in: StandIn) -> Iterator[Connect]:
    """Open another client: other key, shorter deadlines, or a network of the test's making."""
    with ExitStack() as opened:

        def open_client(
            *,
            url: str = stand_in.url,
            key: str = KEY,
            network: Network | None = None,
            **options: Any,
        ) -> Gateway:
            settings = GatewaySettings(url, key, SECRET, include_sandbox=False, **options)
            return opened.enter_context(Gateway(settings, transport=network))

        yield open_client


@pytest.fixture
def payment(stand_in: StandIn, desk: Desk) -> Payment:
    """A paid card payment of 10,000 won that the mirror knows."""
    stand_in.paid(UID)
    return desk.know(UID)


@pytest.fixture
def parcel(stand_in: StandIn, desk: Desk) -> Payment:
    """A paid escrow payment that waits for its delivery."""
    stand_in.paid(UID, escrow=True)
    return desk.know(UID)


@pytest.fixture
def key(stand_in: StandIn, desk: Desk) -> BillingKey:
    """A customer's billing key that the gateway knows and charges gladly."""
    stand_in.control("customers", {"customers": [{"customer_uid": "cus_1"}]})
    return keep_key("cus_1", now=desk.now)


def keep_key(customer_uid: str, *, now: datetime) -> BillingKey:
    """The shop's own row for a billing key."""
    with transaction():
        person = Customer(
            customer_number=f"C-{customer_uid}", name="이도윤", since=now, billing_keys=[]
        )
        key = BillingKey(customer_uid=customer_uid, customer=person)
        db.session.add_all([person, key])
    return key
