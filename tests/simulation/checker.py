"""The money checker: what must hold after every step, whatever went wrong (I1..I10 of the design).

It reads the database over a connection of its own and compares with the model gateway's ledger.
It shares no code with what it checks: states and legal moves are written down here once more.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from admin.models import in_transaction
from tests.simulation.canaries import CANARIES
from tests.simulation.clock import Clock
from tests.simulation.office import Office
from tests.simulation.transport import Call
from tests.simulation.world import Effect, World

OPEN = {"needs_approval", "ready", "sending", "unknown", "accepted", "human", "mismatch"}
HAPPENED = {"succeeded", "succeeded_late"}
CHARGES = {"charge", "key_in"}
SENT = {"succeeded", "accepted", "failed", "not_executed", "mismatch"}
MOVES = {
    "requested": {"approved", "sent", "rejected", "not_executed", "expired"},
    "approved": {"sent", "rejected", "not_executed", "expired"},
    "sent": {*SENT, "unknown"},
    "unknown": {*SENT, "human"},
    "accepted": {"succeeded", "human"},
    "human": SENT,
    "mismatch": {"succeeded", "failed", "not_executed"},
    "failed": {"succeeded_late"},
    "not_executed": {"succeeded_late"},
}
# The state an operation is in after a step that is not called like it.
STATES_OF = {
    "requested": {"ready", "needs_approval"},
    "approved": {"ready"},
    "sent": {"sending"},
}
RANK = ["ready", "failed", "paid", "cancelled"]
LEASE = timedelta(seconds=75)
LIVENESS = timedelta(minutes=15)

_OPERATIONS = """
    SELECT id, kind, state, marker, imp_uid, merchant_uid, amount_minor, seen_minor, claimed_key,
           settled_by, attempts, lease_until, form_key, details
    FROM operations ORDER BY id
"""
_PAYMENTS = "SELECT imp_uid, status, amount_minor, cancelled_minor, quarantined FROM payments"
_TRAIL = """
    SELECT id, action, subject, at, json_extract(facts, '$.by') FROM audit_entries
    WHERE id > ? AND subject LIKE 'operation:%' ORDER BY id
"""
_HISTORY = """
    SELECT p.imp_uid, c.amount_minor, c.reason FROM payment_cancellations c
    JOIN payments p ON p.id = c.payment_id
"""


_STEPS = """
    SELECT o.kind, o.marker, o.merchant_uid, o.state, o.next_look_at,
           a.at, a.phase, a.verdict, a.fact
    FROM operations o JOIN operation_attempts a ON a.operation_id = o.id ORDER BY o.id, a.id
"""


class Violation(Exception):
    """Something that must always hold does not."""

    def __init__(self, invariant: str, what: str) -> None:
        self.invariant = invariant
        super().__init__(f"{invariant}: {what}")


class Operation(NamedTuple):
    """One row of the operations, as the database holds it."""

    id: str
    kind: str
    state: str
    marker: str
    imp_uid: str | None
    merchant_uid: str | None
    amount: int | None
    seen: int | None
    claimed: str | None
    settled_by: str | None
    attempts: int
    lease_until: str | None
    form_key: str
    details: str

    @property
    def key(self) -> tuple[str, str]:
        """What its effect is known by."""
        if self.kind == "refund":
            return "refund", self.marker
        if self.kind in CHARGES:
            return "charge", self.merchant_uid or ""
        return "delivery", str(json.loads(self.details)["invoice"])

    def __str__(self) -> str:
        return f"{self.kind} {self.key[1]} of {self.amount} is {self.state}"


def key_of(effect: Effect) -> tuple[str, str]:
    """What tells whose an effect is."""
    if effect.kind == "refund":
        return "refund", effect.mark[1:9] if effect.mark.startswith("[") else ""
    return effect.kind, effect.mark.split()[-1]


def written_about(call: Call) -> tuple[str, str]:
    """What tells whose a write is."""
    body = call.fields
    if call.path == ("payments", "cancel"):
        return "refund", str(body.get("reason"))[1:9]
    if call.charges:
        return "charge", str(body["merchant_uid"])
    return "delivery", str(body["logis"]["invoice"])


@dataclass(slots=True)
class Checker:
    """Watches one history."""

    office: Office
    world: World
    clock: Clock
    operations: list[Operation] = field(default_factory=list)
    lied_about: set[tuple[str, str]] = field(default_factory=set)
    sendings: Counter[tuple[str, str]] = field(default_factory=Counter)
    effects: dict[tuple[str, str], list[Effect]] = field(default_factory=lambda: defaultdict(list))
    found: list[Violation] = field(default_factory=list)  # inside an act, told after the step
    _version: int = -1
    _counted: int = 0
    _heard: int = 0
    _trails: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _sent_at: dict[str, datetime] = field(default_factory=dict)
    _mirrored: dict[str, tuple[int, int]] = field(default_factory=dict)
    _settled: dict[str, str] = field(default_factory=dict)

    def saw_call(self, call: Call) -> None:
        """A call leaves: no transaction may be open meanwhile, and money is whole and explicit."""
        if in_transaction():
            self.found.append(Violation("C", f"a transaction is open during {call}"))

    def saw_write(self, call: Call) -> None:
        """A write reaches the gateway."""
        if call.path == ("payments", "cancel"):
            self._check_cancel(call)
        elif call.charges and not _whole(call.fields.get("amount")):
            self.found.append(Violation("I2", f"not a whole amount: {call}"))
        self.sendings[written_about(call)] += 1

    def saw_lie(self, call: Call) -> None:
        """The gateway says of a write that it failed, and it did not."""
        self.lied_about.add(written_about(call))

    def after_step(self) -> None:
        """Raise Violation unless everything holds."""
        if self.found:
            raise self.found[0]
        (version,) = self.office.raw.execute("PRAGMA data_version").fetchone()
        if version == self._version and self._counted == len(self.world.effects):
            return
        self._version = version
        self._read()
        self._check_effects()
        self._check_operations()
        self._check_mirror()

    def after_sweep(self, began: datetime) -> None:
        """I6: what a whole round has passed by is not SENDING beyond its lease."""
        for one in self.operations:
            if one.state == "sending" and one.lease_until and _moment(one.lease_until) < began:
                raise Violation("I6", f"{one} beyond its lease after a sweep")

    def after_the_ladder(self) -> None:
        """Faults are off and the ladder has run: what is still open waits for a person."""
        self._version = -1
        self.after_step()
        for one in self.operations:
            if one.state in OPEN - {"needs_approval", "human", "mismatch"}:
                raise Violation("liveness", f"{one} after {LIVENESS} without faults")

    def at_the_end(self, *, walked: bool) -> None:
        """Every refusal was looked at again, and one sync may be through."""
        self._version = -1
        self.after_step()
        for key, group in self._grouped().items():
            if self.effects.get(key) and all(one.state not in OPEN | HAPPENED for one in group):
                raise Violation("I5", f"{group[-1]}, and it happened")
        self._check_canaries()
        if walked:
            self._check_mirror_is_truth()

    def describe(self) -> list[str]:
        """The operations as they stand and what was done about each, for the story of a failure."""
        lines = []
        for row in self.office.raw.execute(_STEPS):
            lines.append("  ".join(str(value) for value in row))
        return ["", *lines, "", *map(str, self.world.effects)]

    def _read(self) -> None:
        execute = self.office.raw.execute
        self.operations = [Operation(*row) for row in execute(_OPERATIONS)]
        for key, action, subject, at, by in execute(_TRAIL, (self._heard,)):
            self._heard = key
            self._hear(subject.removeprefix("operation:"), action.split(".")[1], _moment(at), by)
        for effect in self.world.effects[self._counted :]:
            if effect.ours:
                self.effects[key_of(effect)].append(effect)
        self._counted = len(self.world.effects)

    def _hear(self, operation_id: str, step: str, at: datetime, by: str | None) -> None:
        """I8: the trail tells of every move, and of legal ones only."""
        trail = self._trails[operation_id]
        if trail and step not in MOVES.get(trail[-1], ()):
            raise Violation("I8", f"{operation_id} went from {trail[-1]} to {step}")
        if not trail and step != "requested":
            raise Violation("I8", f"the trail of {operation_id} begins with {step}")
        if step == "sent":
            self._sent_at[operation_id] = at
        if (step, by) == ("unknown", "local") and at - self._sent_at[operation_id] < LEASE:
            raise Violation("I6", f"{operation_id} was given up before its lease was over")
        trail.append(step)

    def _check_cancel(self, call: Call) -> None:
        body = call.fields
        if not _whole(body.get("amount")) or not _whole(body.get("checksum")):
            self.found.append(Violation("I2", f"no explicit whole amount and checksum: {call}"))

    def _check_effects(self) -> None:
        """I1 and I4: an effect is some operation's, happened once, and is what was decided."""
        known = {one.key: one for one in self.operations}
        for key, effects in self.effects.items():
            operation = known.get(key)
            if operation is None:
                raise Violation("I4", f"no operation explains {effects[0]}")
            if len(effects) > 1:
                raise Violation("I1", f"{operation}, and it happened {len(effects)} times")
            if operation.kind != "refund":
                continue
            if (effects[0].imp_uid, effects[0].amount) != (operation.imp_uid, operation.amount):
                raise Violation("I2", f"{operation}, but what happened is {effects[0]}")
            if effects[0].left_before != operation.seen:
                raise Violation(
                    "I2",
                    f"{operation.seen} was seen, {effects[0].left_before} was left: {operation}",
                )

    def _check_operations(self) -> None:
        open_refunds: set[str | None] = set()
        for one in self.operations:
            self._check_trail(one)
            if one.kind == "refund" and one.state in OPEN:
                if one.imp_uid in open_refunds:
                    raise Violation("I1", f"a second open refund of one payment: {one}")
                open_refunds.add(one.imp_uid)
        if len({one.form_key for one in self.operations}) != len(self.operations):
            raise Violation("I1", "one form made two operations")
        for key, group in self._grouped().items():
            self._check_group(key, group)
        claimed = [(one.imp_uid, one.claimed) for one in self.operations if one.claimed]
        if len(set(claimed)) != len(claimed):
            raise Violation("I3", f"one cancellation was claimed twice: {claimed}")

    def _check_trail(self, one: Operation) -> None:
        trail = self._trails.get(one.id)
        if not trail or one.state not in STATES_OF.get(trail[-1], {trail[-1]}):
            raise Violation("I8", f"{one}, but its trail says {trail}")
        if one.attempts > 1 or one.attempts != trail.count("sent"):
            raise Violation("I1", f"{one} after {one.attempts} sendings, {trail}")

    def _check_group(self, key: tuple[str, str], group: list[Operation]) -> None:
        """I1, I3, I10: what a page says of an operation is what the ledger says."""
        sent = self.sendings[key]
        if sent > sum(one.attempts for one in group):
            raise Violation("I1", f"{group[-1]} was sent {sent} times")
        effects = self.effects.get(key, ())
        happened = [one for one in group if one.state in HAPPENED]
        if len(happened) > len(effects):
            raise Violation("I10", f"{happened[-1]}, and it did not happen")
        for one in happened:
            self._check_claim(one)
        if effects and all(one.state not in OPEN | HAPPENED for one in group):
            provisional = group[-1].state == "failed" and key in self.lied_about
            if not provisional:
                raise Violation("I10", f"{group[-1]}, and it happened")

    def _check_claim(self, one: Operation) -> None:
        """I3, once, when it is first called done: it rests on an effect that is its own."""
        if one.id in self._settled:
            return
        self._settled[one.id] = one.state
        effect = self._effects_of(one)[0]
        if one.amount is not None and effect.amount != one.amount:
            raise Violation("I3", f"{one}, but what happened is {effect}")
        if one.kind == "refund" and one.claimed != effect.cancellation_id:
            raise Violation("I3", f"{one} claims {one.claimed}, not {effect.cancellation_id}")
        if one.kind in CHARGES and one.settled_by == "lookup":
            paid = [row for row in self.world.numbered(one.merchant_uid or "") if row["paid_at"]]
            if len(paid) != 1:
                raise Violation("I3", f"{one} by a look, and {len(paid)} are paid")

    def _check_mirror(self) -> None:
        """I10: the mirror never claims more than the truth, and never takes back what it said."""
        for imp_uid, status, amount, cancelled, _ in self.office.raw.execute(_PAYMENTS):
            row = self.world.payments.get(imp_uid)
            if row is None or row["amount"] != amount:
                raise Violation("I10", f"the mirror invents {imp_uid} of {amount}")
            rank = RANK.index(status)
            if cancelled > row["cancel_amount"] or (
                rank >= RANK.index("paid") and not row["paid_at"]
            ):
                raise Violation("I10", f"the mirror claims {status}, {cancelled} of {imp_uid}")
            if (cancelled, rank) < self._mirrored.get(imp_uid, (0, 0)):
                raise Violation("I10", f"the mirror takes back what it said of {imp_uid}")
            self._mirrored[imp_uid] = (cancelled, rank)

    def _check_canaries(self) -> None:
        """I9: no card and no secret in the file or its log, deleted rows and all."""
        for path in (self.office.path, self.office.path.with_name(f"{self.office.path.name}-wal")):
            held = path.read_bytes()
            for canary in CANARIES:
                if canary in held:
                    raise Violation("I9", f"{path.name} holds a card or a secret")

    def _check_mirror_is_truth(self) -> None:
        """I4 and I7: every row and every cancellation is there, and nothing else."""
        execute = self.office.raw.execute
        ours = {row[0]: tuple(row[1:]) for row in execute(_PAYMENTS)}
        theirs = {
            uid: (row["status"], row["amount"], row["cancel_amount"], 0)
            for uid, row in self.world.payments.items()
        }
        if ours != theirs:
            raise Violation("I7", f"the mirror differs: {_difference(ours, theirs)}")
        entries = Counter(tuple(row) for row in execute(_HISTORY))
        truth = Counter(
            (uid, entry["amount"], entry["reason"])
            for uid, row in self.world.payments.items()
            for entry in row["cancel_history"]
        )
        if entries != truth:
            raise Violation("I4", f"cancellations differ: {_difference(entries, truth)}")

    def _grouped(self) -> dict[tuple[str, str], list[Operation]]:
        """Operations by what their effect is known by: an order number may be tried again."""
        groups: dict[tuple[str, str], list[Operation]] = defaultdict(list)
        for one in self.operations:
            groups[one.key].append(one)
        return groups

    def _effects_of(self, one: Operation) -> list[Effect]:
        return self.effects.get(one.key, [])


def _whole(value: Any) -> bool:
    return type(value) is int and value >= 1


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _difference(ours: dict[Any, Any], theirs: dict[Any, Any]) -> str:
    keys: Iterable[Any] = sorted({*ours, *theirs})
    return "; ".join(
        f"{key}: {ours.get(key)} here, {theirs.get(key)} there"
        for key in keys
        if ours.get(key) != theirs.get(key)
    )
