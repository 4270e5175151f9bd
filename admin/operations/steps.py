"""The steps of an operation in words: what was done, what was seen, what it proved."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext

from admin.domain.approval import ClosureClaim, SecondWord
from admin.domain.money import Money
from admin.domain.operation import OperationKind, OperationState
from admin.models import MoneyOperation, OperationAttempt
from admin.operations.intent import PAYING_KINDS
from admin.operations.key_sentences import tell_schedules
from admin.web.filters import money, money_with_unit
from admin.web.labels import LABELS

UNCERTAIN = frozenset({"unknown", "human", "mismatch"})
TONES = {"preflight": "confirmed", "send": "done", "answer": "confirmed", "look": "looked"}
# Classes of the client's errors: what they mean is told in our words, the detail is in the log.
UNREACHED = "GatewayNotReached"
REFUSED_KEY = "GatewayUnauthorized"
UNCLEAR = frozenset({"GatewayUnavailable", "GatewayMalformed"})


def make_entry(step: OperationAttempt, operation: MoneyOperation) -> dict[str, Any]:
    """One step for the timeline."""
    return {
        "at": step.at,
        "text": _what(step, operation),
        "source": _seen(step, operation),
        "tone": "waiting" if step.verdict in UNCERTAIN else TONES.get(step.phase, "looked"),
        "amount": None,
        "note": "",
        "href": "",
    }


def _what(step: OperationAttempt, operation: MoneyOperation) -> str:
    if step.phase == "send" and not step.verdict:
        if operation.amount is None or operation.kind is OperationKind.SCHEDULE:
            return gettext("Sent to the gateway")
        return gettext("%(amount)s sent", amount=money_with_unit(operation.amount))
    if "claim" in step.facts:
        word, claim = SecondWord(step.facts["word"]), ClosureClaim(step.facts["claim"])
        said = gettext("Proposed to close") if word is SecondWord.AWAITED else LABELS[word].text
        return f"{said}: {LABELS[claim].text}"
    if "word" in step.facts:
        return str(LABELS[SecondWord(step.facts["word"])].text)
    words = {
        "closing": gettext("Closed by two people"),
        "preflight": gettext("Looked up before sending"),
        "send": gettext("Sending"),
        "answer": gettext("The gateway's answer"),
        "look": gettext("Looked up"),
    }
    what = words.get(step.phase, step.phase)
    ends = step.verdict and step.verdict != OperationState.SENDING.value
    return f"{what}: {LABELS[OperationState(step.verdict)].text}" if ends else what


def _seen(step: OperationAttempt, operation: MoneyOperation) -> str:
    if step.error == UNREACHED:
        return gettext("The gateway could not be reached, so nothing was sent")
    if step.error == REFUSED_KEY:
        return gettext("The gateway refused our credentials, so nothing was done")
    if step.error in UNCLEAR:
        return gettext("No clear answer came; it may or may not have happened")
    if step.phase == "send":
        return _sent(operation)
    if "who" in step.facts:
        parts = (step.facts["who"], step.facts.get("evidence"), step.facts.get("note"))
        return " · ".join(part for part in parts if part)
    if step.verdict == OperationState.FAILED.value:
        return step.fact  # the gateway's own sentence
    if "schedules" in step.facts:
        return tell_schedules(step.facts["schedules"])
    if operation.kind is OperationKind.REFUND and "cancelled_minor" in step.facts:
        return gettext(
            "cancelled %(cancelled)s, left %(left)s",
            cancelled=money(Money(step.facts["cancelled_minor"], operation.currency)),
            left=money(Money(step.facts["left_minor"], operation.currency)),
        )
    if operation.kind in PAYING_KINDS and "status" in step.facts:
        return gettext("order number %(number)s", number=operation.merchant_uid)
    return ""


def _sent(operation: MoneyOperation) -> str:
    if operation.kind is OperationKind.REFUND and operation.expected_left_minor is not None:
        left = money(Money(operation.expected_left_minor, operation.currency))
        return gettext(
            "%(who)s, with %(left)s as the checksum", who=operation.created_by, left=left
        )
    return operation.created_by
