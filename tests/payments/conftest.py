"""What the tests of payments share."""

from __future__ import annotations

from tests.operations.conftest import desk

__all__ = ["desk"]
