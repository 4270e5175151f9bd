"""People, payments and keys as the tests of operations have them."""

from tests.operations.conftest import (
    _no_waits_between_tries,
    connect,
    desk,
    key,
    parcel,
    payment,
)

__all__ = ["_no_waits_between_tries", "connect", "desk", "key", "parcel", "payment"]
