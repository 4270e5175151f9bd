"""A gateway whose clock may be moved, and a charge that waits for its moment there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from admin.gateway.client import Gateway
from admin.models import BillingKey
from tests.operations.conftest import Connect
from tests.operations.desk import Desk

SCHEDULE, UNSCHEDULE = "/subscribe/payments/schedule", "/subscribe/payments/unschedule"
PLANNED = f"{SCHEDULE}/SUB-1"


@pytest.fixture
def gateway(app: Flask, connect: Connect) -> Gateway:
    """A client of the test's own: moving the gateway's clock spoils its token and its skew."""
    return connect()


@pytest.fixture
def planned(desk: Desk, key: BillingKey) -> BillingKey:
    """A key with one charge scheduled for the next day."""
    desk.schedule(key, within=timedelta(days=1))
    return key


def standing(gateway: Gateway, number: str = "SUB-1") -> str:
    """How the gateway says that a scheduled charge stands."""
    return gateway.get_schedule(number).state.value
