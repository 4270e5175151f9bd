"""What the tests of payments share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stamina

from tests.operations.conftest import desk

__all__ = ["desk", "no_waits"]


@pytest.fixture
def no_waits() -> Iterator[None]:
    """Reads that fail are tried again without a pause."""
    stamina.set_testing(True, attempts=3)
    yield
    stamina.set_testing(False)
