"""A person who decides, and a parcel to send."""

from tests.operations.conftest import desk, parcel

__all__ = ["desk", "parcel"]
