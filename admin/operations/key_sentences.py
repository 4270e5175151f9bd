"""What became of operations on billing keys and schedules, where the general words do not do."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext

from admin.domain.clock import from_epoch
from admin.domain.money import Currency, Money
from admin.domain.operation import HAPPENED_STATES, OperationKind, OperationState
from admin.domain.schedule import ScheduleState
from admin.models import MoneyOperation
from admin.web.filters import kst, money_with_unit
from admin.web.labels import LABELS

CARD_IS_GONE = (OperationState.NOT_EXECUTED, OperationState.EXPIRED, OperationState.FAILED)


def explain(operation: MoneyOperation) -> str:
    """The sentence under the outcome, or "" where the general one does."""
    kind, state = operation.kind, operation.state
    if kind is OperationKind.KEY_ISSUE and state in CARD_IS_GONE:
        return str(
            gettext("No card was stored. It was not kept here either, so it is typed again.")
        )
    if kind is OperationKind.KEY_IN and state in CARD_IS_GONE:
        return str(
            gettext(
                "No money was taken. The card was not kept here, so it is typed again for another "
                "try."
            )
        )
    if kind is OperationKind.SCHEDULE and state in HAPPENED_STATES:
        moment = kst(from_epoch(int(operation.details["schedule_at"])), "minute")
        return str(
            gettext(
                "It is charged on %(moment)s. What comes of it then is a payment of its own.",
                moment=moment,
            )
        )
    if kind is OperationKind.UNSCHEDULE and state is OperationState.NOT_EXECUTED:
        return _ran_first(operation)
    if state is OperationState.REJECTED:
        return _stopped(operation)
    return ""


def tell_schedules(facts: list[dict[str, Any]]) -> str:
    """Scheduled charges in one line: amount, moment, order number and what became of each."""
    return "; ".join(
        " · ".join(
            (
                money_with_unit(Money(one["amount_minor"], Currency(one["currency"]))),
                kst(from_epoch(one["at"]), "minute"),
                one["merchant_uid"],
                str(LABELS[ScheduleState(one["state"])].text),
            )
        )
        for one in facts
    )


def _stopped(operation: MoneyOperation) -> str:
    last = _last_facts(operation)
    if operation.kind is OperationKind.KEY_DELETE and "schedules" in last:
        return str(
            gettext(
                "Charges are still scheduled with this key, so it was not deleted: %(charges)s. "
                "Take them back first, or let them run.",
                charges=tell_schedules(last["schedules"]),
            )
        )
    if operation.kind is OperationKind.SCHEDULE and "skew_seconds" in last:
        return str(
            gettext(
                "The gateway's clock and ours differ by %(seconds)s seconds, so nothing was sent.",
                seconds=abs(last["skew_seconds"]),
            )
        )
    if operation.kind is OperationKind.KEY_IN and operation.imp_uid is not None:
        return str(gettext("This order number is paid already, so nothing was sent."))
    return str(
        {
            OperationKind.KEY_IN: gettext(
                "The gateway holds a card under this billing key already, so nothing was sent."
            ),
            OperationKind.KEY_DELETE: gettext(
                "The gateway does not know this billing key any more, so nothing was sent."
            ),
            OperationKind.KEY_ISSUE: gettext(
                "The gateway holds a card under this billing key already, so nothing was sent."
            ),
            OperationKind.SCHEDULE: gettext(
                "This order number is used at the gateway already, so nothing was sent."
            ),
            OperationKind.UNSCHEDULE: gettext(
                "It does not wait to be charged any more, so nothing was sent."
            ),
            OperationKind.PREPARE: gettext(
                "An amount is registered under this order number already, so nothing was sent."
            ),
        }.get(operation.kind, "")
    )


def _ran_first(operation: MoneyOperation) -> str:
    """Its moment and the request met; the look-up says that its moment came first."""
    shown = _last_facts(operation).get("schedules", [])
    if not shown or any(one["state"] == ScheduleState.SCHEDULED.value for one in shown):
        return ""
    return str(
        gettext(
            "Its moment came first, so it was charged and not taken back: %(charges)s.",
            charges=tell_schedules(shown),
        )
    )


def _last_facts(operation: MoneyOperation) -> dict[str, Any]:
    told = [step.facts for step in operation.steps if step.facts]
    return told[-1] if told else {}
