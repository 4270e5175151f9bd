"""What the tests of lists of deliveries share."""

from __future__ import annotations

import pytest

from tests.delivery_batches.lists import Lists
from tests.operations.conftest import connect, desk
from tests.operations.desk import Desk
from tests.stand_in import StandIn

__all__ = ["connect", "desk"]


@pytest.fixture
def lists(stand_in: StandIn, desk: Desk) -> Lists:
    return Lists(stand_in, desk)
