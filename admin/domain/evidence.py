"""From a fresh look at the gateway: did the operation happen? yes, no, or not yet known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from admin.domain.money import Money
from admin.domain.operation import ABSENCE_GAP, QUIET_PERIOD, OperationState
from admin.domain.payment import Cancellation, PaymentSnapshot, PaymentStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a look proves. `state` None: nothing yet, look again."""

    state: OperationState | None
    fact: str  # short and in English, for the audit trail and the timeline
    imp_uid: str | None = None
    cancellation_id: str | None = None


def marked(reason: str, marker: str) -> bool:
    """Whether a cancellation's reason begins with this operation's marker."""
    return reason.startswith(f"[{marker}]")


def with_marker(reason: str, marker: str) -> str:
    """The reason sent to the gateway; the marker comes back in `cancel_history`."""
    return f"[{marker}] {reason}".strip()[:256]


def judge_refund(
    seen: PaymentSnapshot,
    *,
    marker: str,
    amount: Money,
    baseline_cancelled: Money,
    claimed: frozenset[str],
    sent_at: datetime,
    now: datetime,
) -> Verdict:
    """Look for a cancellation that carries our marker and amount and that nobody claimed.

    Silence counts as "not executed" only after QUIET_PERIOD and while the running total has
    not moved; a total that moved without our marker is somebody else's refund.
    """
    ours = _our_cancellation(seen.cancellations, marker=marker, amount=amount, claimed=claimed)
    if ours is not None:
        return Verdict(
            state=OperationState.SUCCEEDED,
            fact=f"cancellation {ours.key} carries our marker",
            imp_uid=seen.imp_uid,
            cancellation_id=ours.key,
        )
    if now - sent_at < QUIET_PERIOD:
        return Verdict(state=None, fact=f"cancelled total {seen.cancelled}, no entry of ours yet")
    if seen.cancelled == baseline_cancelled:
        return Verdict(
            state=OperationState.NOT_EXECUTED,
            fact=f"cancelled total still {seen.cancelled} after the quiet period",
        )
    others = sum(
        (entry.amount.minor for entry in seen.cancellations if not marked(entry.reason, marker)), 0
    )
    if others == seen.cancelled.minor:
        return Verdict(
            state=OperationState.NOT_EXECUTED,
            fact="the total moved, and every entry belongs to somebody else",
        )
    return Verdict(state=None, fact="the total moved and its entries do not explain it")


def _our_cancellation(
    entries: Sequence[Cancellation], *, marker: str, amount: Money, claimed: frozenset[str]
) -> Cancellation | None:
    for entry in entries:
        if marked(entry.reason, marker) and entry.amount == amount and entry.key not in claimed:
            return entry
    return None


def judge_charge(
    seen: Sequence[PaymentSnapshot],
    *,
    merchant_uid: str,
    amount: Money,
    sent_at: datetime,
    first_absent_at: datetime | None,
    canary_answered: bool,
    now: datetime,
) -> Verdict:
    """Judge a charge by every payment that carries its order number (`findAll`).

    Absence is evidence only after QUIET_PERIOD, on a second look ABSENCE_GAP after the first,
    and while the gateway still finds a payment we know to exist (the canary).
    """
    paid = [one for one in seen if one.status is PaymentStatus.PAID or one.took_money]
    quiet = now - sent_at >= QUIET_PERIOD
    if len(paid) > 1:
        named = ", ".join(one.imp_uid for one in paid)
        return Verdict(
            state=OperationState.MISMATCH,
            fact=f"{len(paid)} payments under {merchant_uid}: {named}",
        )
    if paid and paid[0].amount == amount and paid[0].merchant_uid == merchant_uid:
        return Verdict(
            state=OperationState.SUCCEEDED,
            fact=f"{paid[0].imp_uid} is paid with the same amount",
            imp_uid=paid[0].imp_uid,
        )
    if paid:
        return Verdict(
            state=OperationState.MISMATCH,
            fact=f"{paid[0].imp_uid} is paid with {paid[0].amount}, not {amount}",
            imp_uid=paid[0].imp_uid,
        )
    if seen and all(one.status is PaymentStatus.FAILED for one in seen) and quiet:
        return Verdict(
            state=OperationState.FAILED,
            fact=f"only failed attempts under {merchant_uid}",
            imp_uid=seen[0].imp_uid,
        )
    if seen or not quiet:
        return Verdict(state=None, fact=f"{len(seen)} payments under {merchant_uid}, none paid yet")
    twice = first_absent_at is not None and now - first_absent_at >= ABSENCE_GAP
    if twice and canary_answered:
        return Verdict(
            state=OperationState.NOT_EXECUTED,
            fact=f"no payment under {merchant_uid} on two looks, while a known one was found",
        )
    return Verdict(state=None, fact=f"no payment under {merchant_uid} yet")


def judge_refunded_as(
    seen: PaymentSnapshot, *, key: str, amount: Money, claimed: frozenset[str]
) -> Verdict:
    """People say that the cancellation `key` is this refund: it must be there, alike and free."""
    for entry in seen.cancellations:
        if entry.key == key and entry.amount == amount and entry.key not in claimed:
            return Verdict(
                state=OperationState.SUCCEEDED,
                fact=f"cancellation {entry.key} of {entry.amount} is this refund",
                imp_uid=seen.imp_uid,
                cancellation_id=entry.key,
            )
    return Verdict(state=None, fact=f"no free cancellation {key} of {amount} at the gateway")


def judge_not_refunded(seen: PaymentSnapshot, *, marker: str) -> Verdict:
    """People say that nothing happened: no entry may be ours, and the entries explain the total."""
    if any(marked(entry.reason, marker) for entry in seen.cancellations):
        return Verdict(state=None, fact="a cancellation carries our marker")
    total = sum(entry.amount.minor for entry in seen.cancellations)
    if total != seen.cancelled.minor:
        return Verdict(state=None, fact="the entries do not explain the cancelled total")
    return Verdict(state=OperationState.NOT_EXECUTED, fact="no cancellation is ours")


def judge_charged_as(seen: Sequence[PaymentSnapshot], *, imp_uid: str | None) -> Verdict:
    """People say which payment is this charge, or (None) that there is none."""
    paid = {one.imp_uid: one for one in seen if one.took_money}
    if imp_uid is None:
        state = None if paid else OperationState.NOT_EXECUTED
        return Verdict(state=state, fact=f"{len(paid)} payments took money under this number")
    if (payment := paid.get(imp_uid)) is None:
        return Verdict(state=None, fact=f"{imp_uid} did not take money under this number")
    return Verdict(
        state=OperationState.SUCCEEDED,
        fact=f"{imp_uid} over {payment.amount} is this charge",
        imp_uid=imp_uid,
    )
