"""The rounds in which a list is registered, in the money lane."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from admin.delivery_batches.service import RUN, work
from admin.domain.job import JobLane
from admin.jobs.registry import Progress, handles
from admin.web.services import gateway


@handles(RUN, lane=JobLane.MONEY)
def work_off(payload: dict[str, Any], progress: Progress, now: datetime) -> None:
    """One round of a list; it asks for the next one itself."""
    left = work(int(payload["batch_id"]), gateway=gateway(), now=now)
    progress.report(1, 1, f"{left} lines still wait")
