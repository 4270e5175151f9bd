"""Where a payment request stands: judged by its link and by what the gateway says, never kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from admin.domain.errors import N_
from admin.domain.money import Money
from admin.domain.operation import CAME_TO_NOTHING, HAPPENED_STATES, OperationState
from admin.domain.payment import PaymentSnapshot, PaymentState, Standing


class RequestState(Enum):
    """What a request is to staff and to its customer."""

    PREPARING = "preparing"  # the amount is not known to be registered yet
    NOT_PREPARED = "not_prepared"  # the gateway did not take the amount
    OPEN = "open"
    AWAITING = "awaiting"  # a virtual account was issued; its deposit is waited for
    PAID = "paid"
    GIVEN_BACK = "given_back"
    STORED = "stored"  # the card stands under its billing key
    DIFFERS = "differs"  # something was paid under its number, but not what was asked
    EXPIRED = "expired"
    REVOKED = "revoked"


class RequestTab(Enum):
    """How a list of requests is parted: what waits, what came to something, what ended."""

    OPEN = "open"
    DONE = "done"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts:
    """What a request's state follows from, beside payments. `amount` is 0 for a registration, and
    `prepared` is None for one: nothing is charged, so nothing is registered before.
    """

    amount: Money
    expires_at: datetime
    revoked_at: datetime | None
    prepared: OperationState | None
    key_stored: bool = False  # of a card registration: the gateway showed the key


def request_state(
    facts: RequestFacts, payments: Sequence[PaymentSnapshot], *, now: datetime
) -> RequestState:
    """Judge a request. `payments` are all that carry its order number.

    Money goes before the link: what was paid stays paid, also after the link ended.
    """
    paid = [one for one in payments if one.took_money and one.amount.minor > 0]
    if any(one.amount != facts.amount for one in paid) or len(paid) > 1:
        return RequestState.DIFFERS
    if facts.key_stored:
        return RequestState.STORED
    if paid:
        back = paid[0].standing is Standing.REFUNDED
        return RequestState.GIVEN_BACK if back else RequestState.PAID
    if any(one.state(now) is PaymentState.AWAITING for one in payments):
        return RequestState.AWAITING
    return _of_the_link(facts, now=now)


def _of_the_link(facts: RequestFacts, *, now: datetime) -> RequestState:
    if facts.revoked_at is not None:
        return RequestState.REVOKED
    if facts.expires_at <= now:
        return RequestState.EXPIRED
    if facts.prepared is None or facts.prepared in HAPPENED_STATES:
        return RequestState.OPEN
    return (
        RequestState.NOT_PREPARED if facts.prepared in CAME_TO_NOTHING else RequestState.PREPARING
    )


SENTENCES: dict[RequestState, str] = {
    RequestState.PREPARING: N_("This request is not ready yet. Look again in a minute."),
    RequestState.NOT_PREPARED: N_("This request could not be set up. Ask the shop for a new link."),
    RequestState.EXPIRED: N_("This link has expired. Ask the shop for a new one."),
    RequestState.REVOKED: N_("The shop has taken this link back."),
    RequestState.DIFFERS: N_(
        "A payment came that differs from this request. The shop was told; nothing else is taken."
    ),
    RequestState.GIVEN_BACK: N_("This payment was given back."),
}
