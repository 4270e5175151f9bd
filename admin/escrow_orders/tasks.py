"""Ask the gateway about deliveries that were registered elsewhere."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from admin.escrow_orders.service import look_for_deliveries
from admin.jobs.registry import Progress, handles
from admin.web.services import gateway

LOOK = "escrow_orders.look"


@handles(LOOK)
def look(payload: dict[str, Any], progress: Progress, now: datetime) -> None:
    """One round."""
    look_for_deliveries(gateway=gateway(), now=now)
