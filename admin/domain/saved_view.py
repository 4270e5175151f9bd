"""What a saved view keeps of a list's address: what is looked for, never where one stood in it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode

from admin.domain.card_guard import holds_card_number
from admin.domain.errors import N_, InvalidInput

LONGEST_NAME = 80
LONGEST_QUERY = 2_000
SEARCH = "q"  # may stand several times in an address; it is one text


def kept_query(query: str, *, parts: Sequence[str], folded: Sequence[str] = ()) -> str:
    """The query string with `parts` alone, in their order, each once; unknown parts are dropped.

    A part in `folded` is a condition of the search that stands apart: it is written into the text.
    A period by its name stays a name. Raises InvalidInput for a card number or an endless text.
    """
    if len(query) > LONGEST_QUERY:
        raise InvalidInput(N_("That is too long to be kept."), field="query")
    given = [(name, _plain(value)) for name, value in parse_qsl(query)]
    texts = [value for name, value in given if name == SEARCH and value]
    texts += [f"{name}:{value}" for name, value in given if name in folded and value]
    found = {name: value for name, value in reversed(given) if value}
    if texts:
        found[SEARCH] = " ".join(texts)
    kept = [(name, found[name]) for name in parts if name in found]
    if any(holds_card_number(value) for _, value in kept):
        raise InvalidInput(
            N_("That looks like a card number. It was not searched, kept or logged."), field="query"
        )
    return urlencode(kept)


def kept_name(name: str) -> str:
    """A name without needless blanks. Raises InvalidInput for none, a long one or a card number."""
    text = _plain(name)
    if not text:
        raise InvalidInput(N_("Give it a name."), field="name")
    if len(text) > LONGEST_NAME:
        raise InvalidInput(N_("At most %(max)d characters."), field="name", max=LONGEST_NAME)
    if holds_card_number(text):
        raise InvalidInput(
            N_("That looks like a card number. It was not searched, kept or logged."), field="name"
        )
    return text


def _plain(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())
