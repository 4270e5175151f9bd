"""Which operations each published client reached: kept as a file, from which a page is made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from scripts.clients import FOLDER
from tests.clients.tap import Exchange

COMMITTED = Path(__file__).parent / "record.json"
# Where each run leaves what it saw, to be taken over when that is right.
SEEN = FOLDER / "record.json"
TAKE_OVER = (
    f"cp .clients/{SEEN.name} tests/clients/{COMMITTED.name}"
    " && .venv/bin/python -m tests.gateway_page"
)


class Record:
    """By operation and client, the ways it was reached: `success`, `refusal` or both."""

    def __init__(self) -> None:
        self._ways: dict[str, dict[str, set[str]]] = {}

    def note(self, client: str, sent: Sequence[Exchange]) -> None:
        for exchange in sent:
            if exchange.operation is not None:
                clients = self._ways.setdefault(exchange.operation, {})
                way = "success" if exchange.succeeded else "refusal"
                clients.setdefault(client, set()).add(way)

    def text(self) -> str:
        """Sorted, so that the file changes only when the facts do."""
        ways = {
            operation: {client: sorted(found) for client, found in clients.items()}
            for operation, clients in self._ways.items()
        }
        return json.dumps(ways, indent=2, sort_keys=True) + "\n"
