"""Leave the trace of a look that was made with a pasted message: how much, never what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.search.clues import Clue
from admin.models import transaction


def record_paste(clues: Sequence[Clue], *, shown: int, actor: Actor, now: datetime) -> None:
    """Write how many clues of which kind were looked for, and how many payments were shown."""
    kinds = Counter(clue.kind.value for clue in clues)
    with transaction():
        record(
            actor,
            "search.pasted",
            "search",
            now=now,
            clues=", ".join(f"{kind} {number}" for kind, number in sorted(kinds.items())) or "none",
            shown=shown,
        )
