"""One history: a seed decides who acts, what goes wrong, who dies and when time passes."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from admin.domain.actor import Actor
from admin.domain.operation import READY_TO_WORKER
from admin.mirror import service as mirror
from admin.models import transaction
from admin.payments.sync import SETTLING
from tests.simulation.actors import ROUND_DONE, Actors, Work
from tests.simulation.checker import LIVENESS, Checker, Violation
from tests.simulation.clock import Clock
from tests.simulation.faults import LONGEST_DELAY, Weather
from tests.simulation.office import Office
from tests.simulation.stage import Act, Killed, Stage
from tests.simulation.transport import Wire
from tests.simulation.world import World

MOST_ACTS = 3
_LOOKED_AT = "'unknown', 'human', 'accepted', 'mismatch', 'failed'"
_DUE = f"""
    SELECT min(created_at) FILTER (WHERE state = 'ready'),
           min(lease_until) FILTER (WHERE state = 'sending'),
           min(next_look_at) FILTER (WHERE state IN ({_LOOKED_AT}))
    FROM operations
"""
_REFUSAL_DUE = "SELECT min(next_look_at) FROM operations WHERE state = 'failed'"
# What a step may be, and how often: acts stop at the gateway, events are over at once.
ACTS = {
    "refund": 16,
    "open_form": 3,
    "refund_twice": 2,
    "charge": 6,
    "key_in": 2,
    "deliver": 2,
    "check": 2,
    "open_page": 4,
    "decide": 4,
    "sweep": 7,
    "sync": 0.5,
    "work_webhook": 3,
}
EVENTS = {
    "deliver_webhook": 2,
    "lose_webhook": 2,
    "forge_webhook": 1,
    "pay": 5,
    "cancel_in_console": 5,
    "cancel_at_pg": 0.3,
    "wait": 18,
}
WAITS = ((1, 20), (1, 20), (20, 90), (60, 200), (120, 660), (600, 2400))
GO_ON = 0.55  # how often an act under way goes on, rather than something new beginning
KILL = 0.03
AHEAD = (0, 0, 0, 0, -200, -25, 25, 200)  # seconds between the gateway's clock and ours
WALKS = 0.1  # how often a history ends with the walk that shows the mirror to be true
BEHIND = (1, 60, 180)  # seconds that the last rounds come after what is due
COMMIT_STOPS = 0.25  # how often an act stops after a commit


@dataclass(frozen=True, slots=True)
class Told:
    """How a history ended. `problem` is empty if everything held, else `invariant` names what."""

    seed: int
    steps: int
    story: list[str]
    problem: str = ""
    invariant: str = ""


def tell(seed: int, *, office: Office, steps: int) -> Told:
    """Live one history through and check it after every step."""
    if not office.knows_trade:
        History(seed, office).mirror_trade()
    history = History(seed, office)
    try:
        history.live(steps)
    except Violation as violation:
        story = [*history.story, *history.checker.describe()]
        return Told(seed, steps, story, str(violation), violation.invariant)
    except Exception as error:
        return Told(seed, steps, history.story, traceback.format_exc(), type(error).__name__)
    finally:
        history.close()
    return Told(seed, steps, history.story)


class History:
    """The parts of one history, put together."""

    def __init__(self, seed: int, office: Office) -> None:
        self.rng = Random(seed)
        self.walks = self.rng.random() < WALKS
        self.office = office
        self.story: list[str] = []
        office.reset()
        self.clock = Clock()
        self.world = World(
            self.clock,
            partial_reads=self.rng.choice(("cancelled", "paid")),
            refuses_paid_numbers=self.rng.random() < 0.5,
        )
        self.weather = Weather.draw(self.rng)
        self.stage = Stage(office.app)
        self.checker = Checker(office, self.world, self.clock)
        self.wire = Wire(
            self.world,
            self.clock,
            self.weather,
            self.stage,
            self.rng,
            on_call=self.checker.saw_call,
            on_write=self.checker.saw_write,
            on_lie=self.checker.saw_lie,
            tell=self._tell,
        )
        self.gateway = office.connect(self.wire, self.clock, Random(seed))
        self.actors = Actors(
            self.world,
            office.raw,
            self.gateway,
            self.clock,
            self.rng,
            *office.people,
            phone=office.phone,
        )
        office.watch(before=self._before_commit, after=self._after_commit)
        self._begin_trade()  # which every history shares, before the clocks part
        self.clock.gateway_ahead = self.rng.choice(AHEAD)

    def live(self, steps: int) -> None:
        """All steps, then the end without faults. Raises Violation."""
        for _ in range(steps):
            self._step()
            self.checker.after_step()
        self._end()

    def close(self) -> None:
        """End what is still under way."""
        self.office.watch(before=None, after=None)
        for act in list(self.stage.acts):
            self.stage.kill(act)

    def mirror_trade(self) -> None:
        """Take the first payments into the mirror, for this history and all later ones."""
        self.weather.off, self.wire.stops = True, False
        now = self.clock.now()
        with self.office.app.app_context():
            seq = mirror.next_fetch_seq(now=now)
            seen = self.gateway.get_payments([*self.world.payments]).payments
            with transaction():
                actor = Actor.system("sync")
                mirror.apply(seen, fetch_seq=seq, source="sync", actor=actor, now=now)
        self.office.keep()
        self.office.knows_trade = True

    def _begin_trade(self) -> None:
        self.world.pay(10_000)
        self.world.pay(33_333)
        self.world.pay(9_999, escrow=True)
        self.world.pay(10_000, number="ORD-1")  # paid twice, as happens

    def _step(self) -> None:
        acts = self.stage.acts
        if acts and self.rng.random() < KILL:
            act = self.rng.choice(acts)
            self._tell(f"{act.name} is killed at {act.at}")
            self.stage.kill(act)
        elif acts and (len(acts) >= MOST_ACTS or self.rng.random() < GO_ON):
            act = self.rng.choice(acts)
            self._tell(f"{act.name} goes on")
            self.stage.go_on(act)
            self._look_at(act)
        else:
            self._begin_something()

    def _begin_something(self) -> None:
        choices = {**ACTS, **EVENTS}
        name = self.rng.choices([*choices], [*choices.values()])[0]
        if name == "wait":
            self._wait(self.rng.randint(*self.rng.choice(WAITS)))
            return
        work: Work = getattr(self.actors, name)
        self._tell(f"{name} begins")
        self._look_at(self.stage.begin(name, work, now=self.clock.now()))

    def _look_at(self, act: Act) -> None:
        if not act.ended:
            return
        self._tell(f"{act.name} ends: {act.ended}")
        if act.ended.startswith(ROUND_DONE):
            self.checker.after_step()
            self.checker.after_sweep(act.began)

    def _wait(self, seconds: float) -> None:
        until = self.clock.monotonic() + seconds
        while (due := self.wire.next_due()) <= until:  # each at its own moment
            self.clock.advance(max(due - self.clock.monotonic(), 0))
            self.wire.execute_due()
        self.clock.advance(until - self.clock.monotonic())
        self._tell(f"{seconds} s pass: {self.clock.now():%H:%M:%S}")

    def _before_commit(self) -> None:
        if self.stage.is_acting() and self.rng.random() < KILL / 4:
            self._tell("killed before a commit")
            raise Killed

    def _after_commit(self) -> None:
        if self.wire.stops and self.rng.random() < COMMIT_STOPS:
            self.stage.pause("after a commit")

    def _end(self) -> None:
        """Faults stop: everyone finishes, the ladder runs, one sync walks."""
        self._tell("from here on nothing goes wrong")
        self.weather.off = True
        self.wire.stops = False
        while self.stage.acts:
            self.stage.go_on(self.stage.acts[0])
            self.checker.after_step()
        began, behind = self.clock.now(), self.rng.choice(BEHIND)
        with self.office.app.app_context():
            while (due := self._next_due()) is not None and due <= began + LIVENESS:
                self._come(due, behind)
            self.checker.after_the_ladder()
            while (due := self._refusal_due()) is not None:
                self._come(due, behind)
            self._wait(max(LONGEST_DELAY, SETTLING.total_seconds()) + 1)
            self.checker.after_step()
            if self.walks:
                self._tell(self.actors.sync())
        self.checker.at_the_end(walked=self.walks)

    def _come(self, due: datetime, behind: float) -> None:
        """One round of the worker, a little after what is due."""
        self._wait(max((due - self.clock.now()).total_seconds(), 0) + behind)
        self._tell(self.actors.sweep())
        self.checker.after_step()

    def _refusal_due(self) -> datetime | None:
        """When a refusal is looked at again: hours later, if the look that was due did not come."""
        (due,) = self.office.raw.execute(_REFUSAL_DUE).fetchone()
        return _moment(due) if due else None

    def _next_due(self) -> datetime | None:
        """When the worker has something to do next; None when nothing is owed."""
        ready, lease, look = self.office.raw.execute(_DUE).fetchone()
        due = [_moment(ready) + READY_TO_WORKER if ready else None]
        due += [_moment(one) if one else None for one in (lease, look)]
        return min((one for one in due if one is not None), default=None)

    def _tell(self, what: str) -> None:
        self.story.append(what)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
