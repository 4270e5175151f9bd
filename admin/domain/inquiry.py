"""Inquiries: a customer's question about a payment, from opening to closing."""

from enum import Enum

from admin.domain.errors import N_, Conflict


class InquiryState(Enum):
    """Whose turn it is."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class InquiryChannel(Enum):
    """How the customer reached us."""

    PHONE = "phone"
    EMAIL = "email"
    CHAT = "chat"
    BOARD = "board"


class InquiryEntryKind(Enum):
    """What was written under an inquiry: an answer to the customer or a note among us."""

    ANSWER = "answer"
    NOTE = "note"


class InquiryIsClosed(Conflict):
    """Nothing more is written under a closed inquiry."""

    message = N_("This inquiry is closed. Reopen it to write under it.")


def check_writable(state: InquiryState) -> None:
    """Raise InquiryIsClosed when nothing may be added."""
    if state is InquiryState.CLOSED:
        raise InquiryIsClosed()
