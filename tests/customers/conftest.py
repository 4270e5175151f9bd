"""A person who decides, and a billing key."""

from tests.operations.conftest import desk, key

__all__ = ["desk", "key"]
