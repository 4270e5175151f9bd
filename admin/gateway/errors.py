"""What can go wrong on the way to the gateway, named by what the caller must do.

    GatewayError
    ├── GatewayRejected          the gateway said no; nothing happened          show its sentence
    │   ├── GatewayConflict      ... because it holds such a thing already (409)  look and compare
    │   └── GatewayNotFound      ... because it knows no such thing              absence, no failure
    ├── GatewayNotReached        nothing was sent                               may be tried again
    │   ├── GatewayPaused        ... because it has stopped answering            wait for a look
    │   └── GatewayBusy          ... because enough of us wait for it already    try in a moment
    ├── GatewayUnauthorized      our credentials or address were refused        mend the settings
    ├── GatewayUnavailable       sent, and no clear answer came                 look before acting
    └── GatewayMalformed         sent, and the answer cannot be read            look before acting
        └── GatewayUnknownStatus ... since it names a state unknown to us       tell somebody

`executed` is what is known of a write: False, nothing happened; None, it may have happened and
only a look can tell. There is no True: what happened comes back as a value, not as an error.
Source: the gateway's envelope (`wire.envelope`) and what HTTP leaves open.
"""

from __future__ import annotations

from admin.domain.errors import N_


class GatewayError(Exception):
    """The gateway gave no usable answer. `sentence` is a message id for the screen.

    `str(error)` is the technical detail, free of secrets, buyers' data and payloads.
    """

    sentence = N_("The payment gateway gave no usable answer.")
    executed: bool | None = None

    def __init__(self, detail: str = "", *, status: int | None = None) -> None:
        self.status = status
        super().__init__(detail or self.sentence)


class GatewayRejected(GatewayError):
    """The gateway refused; nothing happened. `message` is its own sentence, shown as it is.

    `code` is the envelope's (0 when the refusal came by HTTP status alone). The sentence often
    carries the payment provider's own code in brackets.
    """

    sentence = N_("The payment gateway refused this.")
    executed = False

    def __init__(self, message: str, *, code: int = 0, status: int | None = None) -> None:
        self.code = code
        self.message = message
        super().__init__(f"code {code}: {message}", status=status)


class GatewayConflict(GatewayRejected):
    """HTTP 409: the gateway holds such a thing already. Read it and compare before deciding."""

    sentence = N_("The payment gateway holds this already.")


class GatewayNotFound(GatewayRejected):
    """The gateway knows no such thing. On one look this is not yet proof that it never will."""

    sentence = N_("The payment gateway does not know this.")


class GatewayNotReached(GatewayError):
    """Nothing was sent: no name, no connection, no TLS, no token. Safe to call not executed."""

    sentence = N_("The payment gateway could not be reached. Nothing was sent.")
    executed = False


class GatewayPaused(GatewayNotReached):
    """Not sent, since the gateway has not answered lately (`circuit`). A later look finds out."""

    sentence = N_(
        "The payment gateway has stopped answering. Nothing was sent. It is asked again every few "
        "seconds, and this opens by itself."
    )


class GatewayBusy(GatewayNotReached):
    """Not sent, since as many threads as may do so wait for the gateway already (`places`)."""

    sentence = N_("Busy right now. Nothing was sent; try again in a moment.")


class GatewayUnauthorized(GatewayError):
    """Key, secret or our address were refused, also after a fresh token. Nothing was executed.

    Trying again is useless until a person mends the credentials or the gateway's allow-list.
    """

    sentence = N_("The payment gateway refused our credentials. Nothing was done.")
    executed = False


class GatewayUnavailable(GatewayError):
    """Sent, and the answer is unclear: 5xx, 429, 3xx, a deadline, a dropped connection.

    After a write the money may have moved: never send again, look instead. A read may be
    repeated. `retry_after` is in seconds, where the gateway asked for patience (429).
    """

    sentence = N_("No clear answer from the payment gateway.")

    def __init__(
        self, detail: str, *, status: int | None = None, retry_after: float | None = None
    ) -> None:
        self.retry_after = retry_after
        super().__init__(detail, status=status)


class GatewayMalformed(GatewayError):
    """Sent, and the answer cannot be read. Treat it as unclear: look before acting.

    The detail names the field or the fault, never the payload.
    """

    sentence = N_("The payment gateway's answer could not be read.")


class GatewayUnknownStatus(GatewayMalformed):
    """A payment in a state that the gateway has never documented. `word` is its own."""

    sentence = N_(
        "The payment gateway calls this payment “%(word)s”, a state that is not known here. "
        "Nothing was changed; tell the administrator."
    )

    def __init__(self, word: str) -> None:
        self.word = "".join(letter for letter in word if letter.isprintable())[:40]
        super().__init__("payment: status is none of the four")
