"""What could not be read in a search: where it stands, why, and what was probably meant."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from admin.domain.search.query import Query


class ProblemKind(Enum):
    """Why a part of the text is no term. The arguments of its sentence stand behind each."""

    UNKNOWN_FIELD = "unknown_field"  # name
    UNKNOWN_VALUE = "unknown_value"  # field, value
    NO_VALUE = "no_value"  # field
    NO_FIELD = "no_field"  # value: a comparison without what it compares
    NOT_COMPARABLE = "not_comparable"  # field: `<` or `>` at a text or a choice
    BAD_NUMBER = "bad_number"  # field, value
    BAD_DAY = "bad_day"  # field, value
    REVERSED_RANGE = "reversed_range"  # value
    UNCLOSED_QUOTE = "unclosed_quote"
    NO_OR = "no_or"  # value
    NEEDLESS_AND = "needless_and"  # value
    MINUS_FOR_NOT = "minus_for_not"  # value
    CARD_NUMBER = "card_number"
    TOO_LONG = "too_long"  # most: characters of one value
    TOO_MANY = "too_many"  # most: terms of one search


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One part that was left out of the query: `text[start:end]`.

    `suggestion` replaces exactly that part; "" takes it out, None is no idea.
    """

    kind: ProblemKind
    start: int
    end: int
    args: dict[str, str | int] = field(default_factory=dict)
    suggestion: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """The query that was read, what was left out of it, and the text they speak of.

    `text` is as long as what was typed and equal to it but for card numbers, which are
    asterisks. `spans` holds where each term of the query stands in it.
    """

    text: str
    query: Query
    problems: tuple[Problem, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()

    def repaired(self, problem: Problem) -> str | None:
        """The whole text with one suggestion taken, or None if there is none."""
        if problem.suggestion is None:
            return None
        kept = (self.text[: problem.start], problem.suggestion, self.text[problem.end :])
        return " ".join(part.strip() for part in kept if part.strip())
