"""What the tests of payments share."""

from __future__ import annotations

import pytest

from admin.models import Payment, db
from admin.payments.service import sync_payment
from tests.operations.conftest import desk
from tests.payments.looking import UID

__all__ = ["desk"]


@pytest.fixture
def payment(stand_in, gateway, now) -> Payment:
    """A paid payment of 10,000 won that the mirror knows."""
    stand_in.paid(UID)
    applied = sync_payment(UID, source="tests", gateway=gateway, now=now)
    return db.session.get_one(Payment, applied.payment_id)
