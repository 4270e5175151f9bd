"""The sweep over operations whose outcome is owed, every 15 seconds, in the money lane."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from admin.domain.job import JobLane
from admin.jobs.registry import Progress, handles
from admin.operations.resolver import sweep
from admin.web.services import gateway

SWEEP = "operations.sweep"


@handles(SWEEP, lane=JobLane.MONEY)
def settle_due(payload: dict[str, Any], progress: Progress, now: datetime) -> None:
    """Look at everything that is due."""
    sweep(gateway=gateway(), now=now)
