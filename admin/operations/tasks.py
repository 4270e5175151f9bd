"""The sweep over operations whose outcome is owed, every 15 seconds, in the money lane."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from admin.domain.job import JobLane
from admin.gateway.errors import GatewayError
from admin.jobs.registry import Progress, handles
from admin.operations.approval import expire_overdue
from admin.operations.resolver import sweep
from admin.web.services import gateway

SWEEP = "operations.sweep"


@handles(SWEEP, lane=JobLane.MONEY)
def settle_due(payload: dict[str, Any], progress: Progress, now: datetime) -> None:
    """Look whether a gateway that had stopped answering is back, then at everything due."""
    if gateway().is_paused:
        with suppress(GatewayError):
            gateway().list_channels()  # the smallest question there is
    expire_overdue(now=now)
    sweep(gateway=gateway(), now=now)
