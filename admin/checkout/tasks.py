"""Card registrations whose customer never came back, looked up after each walk."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from admin.checkout.service import settle_requests
from admin.jobs.registry import Progress, handles
from admin.web.services import gateway

SETTLE = "checkout.settle"


@handles(SETTLE, after="payments.sync")
def settle(payload: dict[str, Any], progress: Progress, now: datetime) -> None:
    """Ask about what the window may have stored."""
    progress.report(settle_requests(gateway=gateway(), now=now))
