"""What every group of calls stands on: the connection, the settings, and the limits of requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from admin.gateway.connection import Connection
from admin.gateway.settings import GatewaySettings
from admin.gateway.wire.paths import path

LARGEST_BATCH = 100  # ids in one look-up; the gateway's limit
LONGEST_QUERY = 4_000  # characters; several servers refuse a request line beyond 8,000
LARGEST_PAGE = 1_000
LONGEST_IMP_UID = 32
LONGEST_MERCHANT_UID = 40
LONGEST_CUSTOMER_UID = 80


class Calls:
    """A group of calls over one connection; `Gateway` is all groups together."""

    _connection: Connection
    _settings: GatewaySettings

    def _scope(self) -> list[tuple[str, str]]:
        """Said on every read of payments: the gateway's own default has changed before."""
        return [("include_sandbox", "true" if self._settings.include_sandbox else "false")]


def batches(wanted: Sequence[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """Cut into batches of at most 100 ids and a query of bearable length."""
    batch: list[tuple[str, str]] = []
    length = 0
    for name, uid in wanted:
        size = len(name) + 9 + len(path(uid))
        if batch and (len(batch) == LARGEST_BATCH or length + size > LONGEST_QUERY):
            yield batch
            batch, length = [], 0
        batch.append((name, uid))
        length += size
    if batch:
        yield batch


def check_length(text: str, longest: int, what: str) -> None:
    if not text.strip() or len(text) > longest:
        raise ValueError(f"{what} has 1 to {longest} characters")
