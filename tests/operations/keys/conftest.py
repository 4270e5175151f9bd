"""A manager, who may type cards in, a customer without a billing key, and a key of long ago."""

from __future__ import annotations

import pytest
from flask import Flask

from admin.domain.actor import Actor
from admin.domain.permissions import Role
from admin.models import BillingKey, Customer, db, transaction
from tests.operations.conftest import keep_key
from tests.operations.desk import Desk, person
from tests.stand_in import StandIn

NEW, OLD = "/subscribe/customers/cus_new", "/subscribe/customers/cus_1"
ONCE = "/subscribe/payments/onetime"


@pytest.fixture
def actor(app: Flask) -> Actor:
    """A manager, who may type cards in."""
    return person(Role.MANAGER)


@pytest.fixture
def customer(desk: Desk) -> Customer:
    """A customer without a billing key."""
    with transaction():
        somebody = Customer(
            customer_number="C-1",
            name="이도윤",
            tel="010-1234-5678",
            since=desk.now,
            billing_keys=[],
        )
        db.session.add(somebody)
    return somebody


@pytest.fixture
def old_key(stand_in: StandIn, desk: Desk) -> BillingKey:
    """A key whose card was stored an hour ago."""
    hour_ago = int(desk.now.timestamp()) - 3_600
    stored = {"customer_uid": "cus_1", "inserted": hour_ago, "updated": hour_ago}
    stand_in.control("customers", {"customers": [stored]})
    return keep_key("cus_1", now=desk.now)
