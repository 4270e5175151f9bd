"""Actors that take turns: each runs until it stops at the gateway or after a commit.

Every act is a greenlet with an application context, and so a database session, of its own. Only
one runs at a time and only the history says which goes on, so that a seed decides every race.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from flask import Flask
from greenlet import getcurrent, greenlet

from admin.domain.errors import DomainError
from admin.gateway.errors import GatewayError
from admin.models import db

EXPECTED = (DomainError, GatewayError)  # what a page would answer with a sentence


class Killed(BaseException):
    """The process of this act was killed here."""


@dataclass(eq=False, slots=True)
class Act:
    """One thing under way: a request of a person, a round of the worker, a webhook."""

    name: str
    run: greenlet
    began: datetime
    at: str = "the start"
    ended: str = ""
    killed: bool = False


@dataclass(slots=True)
class Stage:
    """Who is under way. `failed` holds what an act must never end with."""

    app: Flask
    acts: list[Act] = field(default_factory=list)

    def begin(self, name: str, work: Callable[[], str], *, now: datetime) -> Act:
        """Let a new act run to its first stop."""
        act = Act(name, greenlet(lambda: self._perform(act, work)), now)
        self.acts.append(act)
        act.run.switch()
        return act

    def go_on(self, act: Act) -> None:
        """Let an act run to its next stop."""
        act.run.switch()

    def kill(self, act: Act) -> None:
        """End an act where it stands, as a killed process ends: nothing more is committed."""
        act.killed = True
        act.run.throw(Killed)

    def pause(self, at: str) -> None:
        """Stop here until the history says to go on. Outside every act: go on."""
        current = getcurrent()
        for act in self.acts:
            if act.run is current:
                act.at = at
                current.parent.switch()

    def is_acting(self) -> bool:
        """Whether the present code belongs to an act."""
        current = getcurrent()
        return any(act.run is current for act in self.acts)

    def _perform(self, act: Act, work: Callable[[], str]) -> None:
        with self.app.app_context():
            try:
                act.ended = work()
            except EXPECTED as error:
                act.ended = f"{type(error).__name__}: {error}"
            except BaseException as error:
                if not (act.killed or isinstance(error, Killed)):
                    raise
                act.ended = "killed"
                db.session().invalidate()  # a dead process's connection is closed, not handed on
            finally:
                self.acts.remove(act)
                db.session.remove()
