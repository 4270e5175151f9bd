"""The walk over the gateway's payments as a job."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from admin.jobs.registry import Progress, handles
from admin.jobs.service import someone_runs
from admin.payments.sync import walk
from admin.web.services import gateway, settings

SYNC = "payments.sync"


@handles(SYNC)
def sync(payload: dict[str, Any], progress: Progress, now: datetime) -> None:
    """Bring the mirror in step, unless another walk is under way."""
    if someone_runs(SYNC, besides=int(payload["job_id"]), now=now):
        return
    history = timedelta(days=settings().sync_history_days)
    walk(
        gateway=gateway(),
        history=history,
        now=now,
        report=progress.report,
        in_flight=settings().sync_in_flight,
    )
