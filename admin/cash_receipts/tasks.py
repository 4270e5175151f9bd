"""The rounds as a job."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from admin.cash_receipts.service import collect
from admin.jobs.registry import Progress, handles
from admin.jobs.service import someone_runs
from admin.web.services import gateway

COLLECT = "cash_receipts.collect"


@handles(COLLECT)
def collect_receipts(payload: dict[str, Any], progress: Progress, now: datetime) -> None:
    """One round, unless another is under way."""
    if someone_runs(COLLECT, besides=int(payload["job_id"]), now=now):
        return
    collect(gateway=gateway(), now=now, report=progress.report)
