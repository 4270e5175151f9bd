"""The rounds in which a list is worked off, in the money lane."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from admin.domain.job import JobLane
from admin.jobs.registry import Progress, handles
from admin.refund_batches.service import RUN, expire_overdue, work
from admin.web.services import gateway

EXPIRE = "refund_batches.expire"


@handles(EXPIRE)
def end_overdue(payload: dict[str, Any], progress: Progress, now: datetime) -> None:
    """Requests for approval end after half an hour."""
    expire_overdue(now=now)


@handles(RUN, lane=JobLane.MONEY)
def work_off(payload: dict[str, Any], progress: Progress, now: datetime) -> None:
    """One round of a list; it asks for the next one itself."""
    left = work(int(payload["batch_id"]), gateway=gateway(), now=now)
    progress.report(1, 1, f"{left} lines still wait")
