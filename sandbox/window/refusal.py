"""Why a window does not open: a code and a sentence for the callback, and no payment."""

from sandbox.facts.kcp import kcp_text

# The gateway's own code for a request it cannot take; its list of codes is not public.
BAD_REQUEST = "F400"


class NotOpened(Exception):
    """The request is refused before there is a payment."""

    def __init__(self, text: str, *, code: str = BAD_REQUEST) -> None:
        super().__init__(text)
        self.text = text
        self.code = code


def by_kcp(code: str) -> NotOpened:
    """A refusal of KCP's, in the form the gateway passes on."""
    return NotOpened(kcp_text(code), code=code)
