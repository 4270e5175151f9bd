"""Everything that happened to one payment, in one line: gateway, operations, staff, notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from flask import url_for
from flask_babel import gettext

from admin.domain.approval import SecondWord
from admin.domain.escrow import RULES, Decision
from admin.domain.inquiry import InquiryEntryKind
from admin.domain.money import Money
from admin.domain.operation import OperationKind, OperationState
from admin.domain.permissions import Permission
from admin.models import (
    Approval,
    AuditEntry,
    Closure,
    Discrepancy,
    Inquiry,
    MoneyOperation,
    Note,
    Observation,
    Payment,
    WebhookEvent,
)
from admin.payments.around import Around
from admin.payments.facts import field_names
from admin.web.access import can
from admin.web.filters import count, kst_day, money_with_unit
from admin.web.labels import LABELS

MOST_SHOWN = 40
MOST_FIELDS = 4  # names of changed fields beside one look


class Origin(Enum):
    """Where an entry comes from; the address of the page narrows by it."""

    GATEWAY = "gateway"
    WEBHOOK = "webhook"
    OPERATION = "operation"
    STAFF = "staff"
    NOTE = "note"
    INQUIRY = "inquiry"
    RECONCILIATION = "reconciliation"
    HOUSE = "house"  # what Jangbu did by a rule, with nobody asking for it


GLYPHS = {
    Origin.GATEWAY: "refresh",
    Origin.WEBHOOK: "bell",
    Origin.OPERATION: "credit-card",
    Origin.STAFF: "user",
    Origin.NOTE: "note",
    Origin.INQUIRY: "message-2",
    Origin.RECONCILIATION: "scale",
    Origin.HOUSE: "clock",
}

TONES = {
    OperationState.SUCCEEDED: "money",
    OperationState.SUCCEEDED_LATE: "money",
    OperationState.UNKNOWN: "waiting",
    OperationState.SENDING: "waiting",
    OperationState.HUMAN: "waiting",
    OperationState.MISMATCH: "waiting",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened. `amount` is money that left us."""

    at: datetime
    text: str
    source: str = ""
    tone: str = "looked"
    amount: Money | None = None
    note: str = ""
    href: str = ""
    origin: Origin | None = None

    @property
    def glyph(self) -> str:
        return GLYPHS[self.origin] if self.origin else ""

    @property
    def origin_word(self) -> str:
        return origin_words()[self.origin] if self.origin else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The entries of a page, the ways to narrow them, and how many more there are."""

    entries: list[Entry]
    choices: list[dict[str, Any]]
    count: int
    all_href: str = ""


def origin_words() -> dict[Origin, str]:
    """What each origin is called."""
    return {
        Origin.GATEWAY: gettext("Gateway"),
        Origin.WEBHOOK: gettext("Webhooks"),
        Origin.OPERATION: gettext("Operations"),
        Origin.STAFF: gettext("Staff"),
        Origin.NOTE: gettext("Notes"),
        Origin.INQUIRY: gettext("Inquiries"),
        Origin.RECONCILIATION: gettext("Reconciliation"),
        Origin.HOUSE: gettext("By a rule"),
    }


def make_story(
    entries: Sequence[Entry], *, show: str, everything: bool, address: Callable[..., str]
) -> Story:
    """At most MOST_SHOWN entries of one origin, or of all; `address(show=, all=)` leads on."""
    wanted = Origin(show) if show in {one.value for one in Origin} else None
    counts = Counter(entry.origin for entry in entries)
    kept = [one for one in entries if wanted is None or one.origin is wanted]
    shown = kept if everything else kept[:MOST_SHOWN]
    choices = [{"label": gettext("All"), "origin": None, "count": len(entries)}]
    choices += [
        {"label": word, "origin": origin, "count": counts[origin]}
        for origin, word in origin_words().items()
        if counts[origin] or origin is wanted
    ]
    return Story(
        entries=shown,
        choices=[
            {
                "label": one["label"],
                "glyph": GLYPHS[one["origin"]] if one["origin"] else "",
                "count": count(one["count"]),
                "href": address(show=one["origin"].value if one["origin"] else ""),
                "is_current": one["origin"] is wanted,
            }
            for one in choices
        ],
        count=len(kept),
        all_href=address(show=show, all="1") if len(shown) < len(kept) else "",
    )


def make_history(payment: Payment, around: Around) -> list[Entry]:
    """Every entry of one payment, newest first."""
    lookers = {one.at: one.actor for one in around.acts if one.action == "payment.checked"}
    entries = [
        *_milestones(payment),
        *[entry for one in payment.operations for entry in _operation(one)],
        *_observations(payment, around.observations, lookers),
        *[_message(one) for one in around.messages],
        *_acts(around),
        *_decisions(payment),
        *[entry for one in payment.notes for entry in _note(one)],
    ]
    if can(Permission.INQUIRIES_READ.value):
        entries += [entry for one in payment.inquiries for entry in _inquiry(one)]
    if can(Permission.RECONCILIATION_READ.value):
        entries += [entry for one in around.findings for entry in _finding(one)]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _milestones(payment: Payment) -> list[Entry]:
    entries = [
        Entry(
            origin=Origin.GATEWAY,
            at=payment.started_at,
            text=gettext("Payment requested, %(amount)s", amount=money_with_unit(payment.amount)),
            source="NHN KCP" if (payment.pg_provider or "").startswith("kcp") else "",
        )
    ]
    if payment.vbank_issued_at:
        entries.append(
            Entry(
                origin=Origin.GATEWAY,
                at=payment.vbank_issued_at,
                text=gettext("Virtual account issued"),
                source=payment.vbank_name or "",
                tone="waiting",
            )
        )
    if payment.paid_at:
        approval = payment.apply_num or ""
        source = gettext("Approval no. %(number)s", number=approval) if approval else ""
        amount = money_with_unit(payment.amount)
        text = gettext("%(amount)s approved", amount=amount)
        entries.append(
            Entry(
                origin=Origin.GATEWAY,
                at=payment.paid_at,
                text=text,
                source=source,
                tone="confirmed",
            )
        )
    if payment.failed_at:
        entries.append(
            Entry(
                origin=Origin.GATEWAY,
                at=payment.failed_at,
                text=gettext("Payment failed"),
                source=payment.fail_reason or "",
            )
        )
    ours = {operation.claimed_key for operation in payment.operations}
    entries.extend(
        Entry(
            origin=Origin.GATEWAY,
            at=one.cancelled_at,
            text=gettext("cancelled at the gateway"),
            source=one.reason,
            tone="money",
            amount=Money(one.amount_minor, payment.currency),
        )
        for one in payment.cancellations
        if one.key not in ours
    )
    return entries


def _operation(operation: MoneyOperation) -> list[Entry]:
    """What became of it, and each word that a second person said about it."""
    words = {
        OperationKind.REFUND: gettext("refund"),
        OperationKind.CHARGE: gettext("Charge of a billing key"),
        OperationKind.KEY_IN: gettext("Payment of a card typed here"),
        OperationKind.DELIVERY: gettext("Delivery registration"),
    }
    kind = words.get(operation.kind) or str(LABELS[operation.kind])
    state = str(LABELS[operation.state].text)
    refund = operation.kind is OperationKind.REFUND
    outcome = Entry(
        origin=Origin.OPERATION,
        at=operation.settled_at or operation.sent_at or operation.created_at,
        text=f"{kind} · {state}",
        source=f"{operation.created_by} · {operation.reason}".rstrip(" ·"),
        tone=TONES.get(operation.state, "done") if refund else "done",
        amount=operation.amount if refund else None,
        note=operation.note,
        href=url_for("operations.show", operation_id=operation.id),
    )
    entries = [outcome]
    if operation.approval is not None:
        entries += _second_word(operation, operation.approval, kind)
    for closure in operation.closures:
        entries += _closure(closure, kind, outcome.href)
    return entries


def _second_word(operation: MoneyOperation, approval: Approval, kind: str) -> list[Entry]:
    entries = [
        Entry(
            origin=Origin.STAFF,
            at=operation.created_at,
            text=gettext("%(what)s · a second person was asked", what=kind),
            source=f"{operation.created_by} · {LABELS[approval.cause]}",
            tone="waiting",
        )
    ]
    if approval.decided_at is not None and approval.word is not SecondWord.AWAITED:
        entries.append(
            Entry(
                origin=Origin.STAFF,
                at=approval.decided_at,
                text=f"{kind} · {LABELS[approval.word]}",
                source=approval.decided_by,
                tone="done",
                note=approval.note,
            )
        )
    return entries


def _closure(closure: Closure, kind: str, href: str) -> list[Entry]:
    claim = str(LABELS[closure.claim])
    entries = [
        Entry(
            origin=Origin.STAFF,
            at=closure.proposed_at,
            text=gettext("%(what)s · somebody says: %(claim)s", what=kind, claim=claim),
            source=closure.proposed_by,
            tone="waiting",
            note=closure.note,
            href=href,
        )
    ]
    if closure.decided_at is not None:
        entries.append(
            Entry(
                origin=Origin.STAFF,
                at=closure.decided_at,
                text=f"{kind} · {claim} · {LABELS[closure.word]}",
                source=closure.decided_by,
                tone="done",
                href=href,
            )
        )
    return entries


def _observations(
    payment: Payment, seen: Sequence[Observation], lookers: dict[datetime, str]
) -> list[Entry]:
    """The looks after the first; each that changed something leads to what it changed."""
    names = field_names()
    return [
        _observation(payment, before, one, looker=lookers.get(one.seen_at, ""), names=names)
        for before, one in zip([None, *seen], seen, strict=False)
        if one.changed != ["*"]
    ]


def _observation(
    payment: Payment,
    before: Observation | None,
    seen: Observation,
    *,
    looker: str,
    names: dict[str, str],
) -> Entry:
    href, fields = "", ""
    if seen.conflicts:
        text = gettext(
            "The gateway contradicted itself: %(fields)s",
            fields=", ".join(names.get(one, one) for one in seen.conflicts),
        )
        tone = "waiting"
    elif seen.stale:
        text, tone = gettext("An older state was answered and not taken over"), "waiting"
    elif seen.changed:
        text, tone = gettext("Looked up, something had changed"), "confirmed"
        a = before.id if before else "first"
        href = url_for("payments.looks", payment_id=payment.id, a=a, b=seen.id)
        fields = ", ".join(names.get(one, one) for one in seen.changed[:MOST_FIELDS])
        fields += " …" if len(seen.changed) > MOST_FIELDS else ""
    else:
        text, tone = gettext("Looked up, nothing had changed"), "looked"
    source = " · ".join(filter(None, (source_word(seen.source), looker, fields)))
    return Entry(
        origin=Origin.GATEWAY, at=seen.seen_at, text=text, source=source, tone=tone, href=href
    )


def _message(event: WebhookEvent) -> Entry:
    return Entry(
        origin=Origin.WEBHOOK,
        at=event.received_at,
        text=gettext("Webhook received"),
        source=str(LABELS[event.state]),
    )


def _acts(around: Around) -> list[Entry]:
    """What staff did beside operations and notes, and what the house itself was alarmed by."""
    observed = {one.seen_at for one in around.observations}
    words = {
        "payment.checked": gettext("Looked up at the gateway"),
        "delivery.checked": gettext("Delivery looked up at the gateway"),
        "payment.paid_after_failed": gettext("Paid after it had failed"),
    }
    return [
        Entry(
            origin=Origin.STAFF if one.operator_id else Origin.GATEWAY,
            at=one.at,
            text=_arrival(one) or words.get(one.action, one.action),
            source=_who(one),
            tone="done" if one.operator_id else "waiting",
        )
        for one in around.acts
        if not (one.action == "payment.checked" and one.at in observed)
    ]


def _arrival(entry: AuditEntry) -> str:
    """What staff noted of a parcel's arrival; "" for any other act."""
    if entry.action not in ("escrow.arrival_noted", "escrow.arrival_removed"):
        return ""
    day = kst_day(date.fromisoformat(entry.facts["day"]))
    if entry.action == "escrow.arrival_noted":
        return gettext("The parcel arrived on %(day)s", day=day)
    return gettext("The arrival on %(day)s was taken back", day=day)


def _decisions(payment: Payment) -> list[Entry]:
    """What the buyer of an escrow order decided, as it was recorded."""
    order = payment.escrow_order if payment.escrow else None
    if order is None:
        return []
    href = url_for("escrow_orders.show", payment_id=payment.id, _anchor="decision")
    entries = []
    for one in order.decisions:
        text = f"{LABELS[one.decision]} · {kst_day(one.decided_on)}"
        if one.corrects_id is not None:
            text = gettext("Corrected: %(what)s", what=text)
        by_rule = one.evidence in RULES
        entries.append(
            Entry(
                origin=Origin.HOUSE if by_rule else Origin.STAFF,
                at=one.created_at,
                text=text,
                source=" · ".join(
                    filter(None, ("" if by_rule else one.recorded_by, str(LABELS[one.evidence])))
                ),
                tone="waiting" if one.decision is Decision.DENIED else "confirmed",
                note="" if by_rule else one.note,
                href=href,
            )
        )
    return entries


def _who(entry: AuditEntry) -> str:
    return entry.actor if entry.operator_id else ""


def _note(note: Note) -> list[Entry]:
    called = ", ".join(one.operator.name for one in note.mentions)
    return [
        Entry(
            origin=Origin.NOTE,
            at=note.written_at,
            text=gettext("Note for %(names)s", names=called) if called else gettext("Note"),
            source=note.author,
            tone="done",
            note=note.body,
        )
    ]


def _inquiry(inquiry: Inquiry) -> list[Entry]:
    href = url_for("inquiries.show", inquiry_id=inquiry.id)
    entries = [
        Entry(
            origin=Origin.INQUIRY,
            at=inquiry.created_at,
            text=gettext("Inquiry “%(subject)s”", subject=inquiry.subject),
            source=inquiry.created_by,
            tone="waiting",
            href=href,
        )
    ]
    words = {
        InquiryEntryKind.ANSWER: gettext("Answered: “%(subject)s”", subject=inquiry.subject),
        InquiryEntryKind.NOTE: gettext("Noted under “%(subject)s”", subject=inquiry.subject),
    }
    entries += [
        Entry(
            origin=Origin.INQUIRY,
            at=one.written_at,
            text=words[one.kind],
            source=one.author,
            tone="done",
            href=href,
        )
        for one in inquiry.entries
    ]
    if inquiry.closed_at is not None:
        text = gettext("Closed: “%(subject)s”", subject=inquiry.subject)
        entries.append(
            Entry(origin=Origin.INQUIRY, at=inquiry.closed_at, text=text, tone="done", href=href)
        )
    return entries


def _finding(found: Discrepancy) -> list[Entry]:
    kind, href = str(LABELS[found.kind]), url_for("reconciliation.show", discrepancy_id=found.id)
    entries = [
        Entry(
            origin=Origin.RECONCILIATION,
            at=found.first_seen_at,
            text=gettext("Discrepancy found: %(kind)s", kind=kind),
            source=gettext("Run %(number)s", number=found.first_run_id),
            tone="waiting",
            href=href,
        )
    ]
    if found.resolved_at is not None:
        entries.append(
            Entry(
                origin=Origin.RECONCILIATION,
                at=found.resolved_at,
                text=gettext("Discrepancy settled: %(kind)s", kind=kind),
                source=found.resolution,
                tone="confirmed",
                href=href,
            )
        )
    return entries


def source_word(source: str) -> str:
    """Who looked, for a word of the observations."""
    return {
        "sync": gettext("Regular look-up"),
        "webhook": gettext("Webhook, looked up"),
        "check": gettext("Looked up by staff"),
        "operation": gettext("Looked up around an operation"),
        "reconciliation": gettext("Looked up by a reconciliation"),
    }.get(source, source)
