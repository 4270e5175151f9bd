"""Ask about deliveries that were registered elsewhere; confirm what the rule confirms."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from admin.escrow_orders.decision_service import confirm_what_is_due
from admin.escrow_orders.service import look_for_deliveries
from admin.jobs.registry import Progress, handles
from admin.web.services import gateway

LOOK = "escrow_orders.look"
CONFIRM = "escrow_orders.confirm"


@handles(LOOK)
def look(payload: dict[str, Any], progress: Progress, now: datetime) -> None:
    """One round."""
    look_for_deliveries(gateway=gateway(), now=now)


@handles(CONFIRM)
def confirm(payload: dict[str, Any], progress: Progress, now: datetime) -> None:
    """Record the confirmations whose time is over."""
    confirm_what_is_due(now=now)
