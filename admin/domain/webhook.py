"""What becomes of a message received from outside."""

from enum import Enum


class WebhookState(Enum):
    """A message is stored first and worked later; its content is never believed."""

    RECEIVED = "received"
    PROCESSED = "processed"
    NOT_FOUND = "not_found"  # the gateway knows no such payment
    UNREADABLE = "unreadable"
    FAILED = "failed"
