"""Whom a note calls: `@` and a name as it is written here, or the beginning of an address."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from admin.domain.errors import N_, InvalidInput

# An @ within a word is an e-mail address, and one before a space or a sign calls nobody.
_CALL = re.compile(r"(?<![\w.+-])@(?=\w)")
_ADDRESS = re.compile(r"[\w.+-]+(?:@[\w.-]+)?", re.ASCII)
_TYPED = re.compile(r"[^\s@,;:!?()<>\"'/]+(?:@[\w.-]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """A person with an account, and its address. Who may not be called is known all the same, so
    that a call to them never reaches somebody whose name begins alike."""

    operator_id: int
    name: str
    email: str
    may_be_called: bool = True

    @property
    def login(self) -> str:
        """What stands before the @ of the address."""
        return self.email.partition("@")[0]


class NobodyCalled(InvalidInput):
    """The name is nobody's."""

    message = N_("Nobody called “%(typed)s” works here. Take a name from the list below the box.")


class SeveralCalled(InvalidInput):
    """The name is more than one person's."""

    message = N_("“%(typed)s” may be %(names)s. Write the beginning of the e-mail address.")


def find_called(text: str, people: Sequence[Colleague]) -> list[Colleague]:
    """Everyone a note calls, once each, in the order of the calls.

    Raises NobodyCalled or SeveralCalled, naming what was typed.
    """
    found: dict[int, Colleague] = {}
    for call in _CALL.finditer(text):
        person = _one(text[call.end() :], people)
        found.setdefault(person.operator_id, person)
    return list(found.values())


def _one(rest: str, people: Sequence[Colleague]) -> Colleague:
    typed = _typed(rest)
    named = [one for one in people if _stands(one.name, rest)]
    longest = max((len(one.name) for one in named), default=0)
    meant = [one for one in named if len(one.name) == longest] or _by_address(rest, people)
    matches = [one for one in meant if one.may_be_called]
    if not matches:
        raise NobodyCalled(field="body", typed=typed)
    if len(matches) > 1:
        names = ", ".join(f"{one.name} ({one.login})" for one in matches)
        raise SeveralCalled(field="body", typed=typed, names=names)
    return matches[0]


def _typed(rest: str) -> str:
    found = _TYPED.match(rest)
    return found[0].rstrip(".") if found else ""


def _stands(name: str, rest: str) -> bool:
    """Whether `rest` begins with the name; a Korean one may have a particle behind it."""
    if not name or rest[: len(name)].casefold() != name.casefold():
        return False
    return not (name[-1].isascii() and re.match(r"[A-Za-z0-9]", rest[len(name) :]))


def _by_address(rest: str, people: Sequence[Colleague]) -> list[Colleague]:
    found = _ADDRESS.match(rest)
    if not found:
        return []
    wanted = found[0].rstrip(".").casefold()
    exact = [one for one in people if wanted in (one.login.casefold(), one.email.casefold())]
    return exact or [one for one in people if one.email.casefold().startswith(wanted)]
