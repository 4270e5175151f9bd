"""A person who decides."""

from tests.operations.conftest import desk

__all__ = ["desk"]
