"""Housekeeping of sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from admin.accounts.service import forget_old_sessions
from admin.jobs.registry import Progress, handles

FORGET = "accounts.forget_sessions"


@handles(FORGET)
def forget(payload: dict[str, Any], progress: Progress, now: datetime) -> None:
    """Remove sessions that are over."""
    forget_old_sessions(now=now)
