"""Work received messages in the background."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from admin.jobs.registry import Progress, handles
from admin.web.services import gateway
from admin.webhooks.service import WORK, work_events


@handles(WORK)
def work(payload: dict[str, Any], progress: Progress, now: datetime) -> None:
    """Look up the one payment that messages named."""
    work_events(str(payload["imp_uid"]), gateway=gateway(), now=now)
