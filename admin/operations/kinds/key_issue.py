"""Storing a card as a billing key: POST /subscribe/customers/{customer_uid}.

The card is in the deciding request's memory alone. When that request is gone the operation is
never sent (READY expires) and never sent again: what became of it is read from the key.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from admin.domain.approval import ClosureClaim
from admin.domain.billing_key import BillingKeySnapshot
from admin.domain.card import Card
from admin.domain.evidence import Verdict
from admin.domain.operation import HAPPENED_STATES, QUIET_PERIOD, OperationState
from admin.gateway.client import Gateway
from admin.models import MoneyOperation
from admin.operations.billing_keys import keep_stored, look_up_key
from admin.operations.kinds.base import Seen, Write

WHOLE_SECONDS = timedelta(seconds=1)  # the gateway tells its moments so


def issue_with(card: Card) -> Write:
    """The one sending, holding the card while the request lasts."""

    def write(operation: MoneyOperation, gateway: Gateway) -> Seen:
        return Seen(key=gateway.issue_billing_key(operation.customer_uid or "", card))

    return write


class KeyIssue:
    """Known again by when the key was written and by the end of its card number."""

    def preflight(self, operation: MoneyOperation, gateway: Gateway) -> Seen:
        return Seen(key=look_up_key(gateway, operation.customer_uid or ""))

    def fence(self, operation: MoneyOperation, seen: Seen) -> Verdict | None:
        return key_is_taken(operation, seen)

    def send(self, operation: MoneyOperation, gateway: Gateway) -> Seen:
        raise LookupError("the card is with the request that decided, see issue_with")

    def judge_answer(self, operation: MoneyOperation, seen: Seen) -> Verdict:
        key = seen.key
        if key is None or key.customer_uid != operation.customer_uid:
            return Verdict(state=OperationState.UNKNOWN, fact="answered about another key")
        if key.card_number and not _same_card(operation, key):
            return Verdict(state=OperationState.UNKNOWN, fact="answered with another card")
        return Verdict(state=OperationState.SUCCEEDED, fact="the gateway stored the card")

    def look(self, operation: MoneyOperation, gateway: Gateway, *, canary: str | None) -> Seen:
        key = look_up_key(gateway, operation.customer_uid or "")
        return Seen(key=key, silent=key is None, skew=gateway.clock_skew)

    def judge_look(self, operation: MoneyOperation, seen: Seen, *, now: datetime) -> Verdict:
        written = _written_since(operation, seen)
        if seen.key is not None and written and _same_card(operation, seen.key):
            return Verdict(state=OperationState.SUCCEEDED, fact="the key holds this card since")
        if now - (operation.sent_at or operation.created_at) < QUIET_PERIOD:
            return Verdict(state=None, fact="this card is not stored yet")
        if written:  # ours may have come first, and been written over
            return Verdict(state=None, fact="another card was stored since")
        return Verdict(
            state=OperationState.NOT_EXECUTED, fact="nothing was stored after the quiet period"
        )

    def judge_claim(
        self, operation: MoneyOperation, seen: Seen, claim: ClosureClaim, evidence: str
    ) -> Verdict:
        holds = seen.key is not None and _same_card(operation, seen.key)
        fact = f"the key holds {seen.key.card_number if seen.key else 'no card'}"
        if claim is ClosureClaim.DID_NOT_HAPPEN:
            ours = holds and _written_since(operation, seen)
            return Verdict(state=None if ours else OperationState.NOT_EXECUTED, fact=fact)
        proven = holds and evidence == operation.customer_uid
        return Verdict(state=OperationState.SUCCEEDED if proven else None, fact=fact)

    def settle(
        self, operation: MoneyOperation, seen: Seen, verdict: Verdict, *, now: datetime
    ) -> None:
        if seen.key is not None and verdict.state in HAPPENED_STATES:
            keep_stored(operation, seen.key, looked=True, now=now)


def key_is_taken(operation: MoneyOperation, seen: Seen) -> Verdict | None:
    """The refusal to write over a card that nobody said is to be replaced."""
    if seen.key is None or operation.details["replaces"]:
        return None
    return Verdict(
        state=OperationState.REJECTED, fact="another card is stored under this key already"
    )


def _same_card(operation: MoneyOperation, key: BillingKeySnapshot) -> bool:
    return (key.card_number or "")[-4:] == str(operation.details["last4"])


def _written_since(operation: MoneyOperation, seen: Seen) -> bool:
    """Whether the key was written after the sending, as far as two clocks can tell."""
    written = (seen.key.updated_at or seen.key.inserted_at) if seen.key else None
    slack = abs(seen.skew or timedelta(0)) + WHOLE_SECONDS
    return written is not None and written >= (operation.sent_at or operation.created_at) - slack
