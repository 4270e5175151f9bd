"""Requests the gateway saw, for tests that count them. Nothing secret is ever kept."""

import threading
from collections import deque
from typing import Any

# Only these fields are remembered: no card data, no key, no token, no birthday.
_SAFE = frozenset(
    [
        "imp_uid",
        "merchant_uid",
        "customer_uid",
        "amount",
        "checksum",
        "reason",
        "tax_free",
        "currency",
        "name",
        "enable_webhook",
        "escrow_confirmed",
        "card_quota",
        "logis",
        "page",
        "limit",
        "from",
        "to",
        "sorting",
        "include_sandbox",
        "schedule_from",
        "schedule_to",
        "schedule_status",
        "schedule-status",
        "schedule_at",
        "schedules",
        "checking_amount",
        "company",
        "invoice",
        "sent_at",
    ]
)
_KEPT = 2_000


class RequestJournal:
    """The newest requests and how many there have been since the last clearing."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._entries: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self._count = 0

    def note(self, *, at: int, method: str, path: str, fields: dict[str, Any]) -> None:
        kept = _safe(fields)
        with self._turn:
            self._count += 1
            self._entries.append(
                {"n": self._count, "at": at, "method": method, "path": path, "fields": kept}
            )

    def read(self, *, method: str | None = None, path: str | None = None) -> dict[str, Any]:
        with self._turn:
            entries = [
                entry
                for entry in self._entries
                if (method is None or entry["method"] == method.upper())
                and (path is None or entry["path"] == path)
            ]
            return {"count": self._count, "matching": len(entries), "requests": entries}

    def clear(self) -> None:
        with self._turn:
            self._entries.clear()
            self._count = 0


def _safe(value: Any) -> Any:
    """The value with nothing but safe names in it, however deep they lie."""
    if isinstance(value, list):
        return [_safe(item) for item in value]
    if isinstance(value, dict):
        return {name: _safe(inner) for name, inner in value.items() if name.rstrip("[]") in _SAFE}
    return value
