"""Long files of orders are judged and taken here, and every file is forgotten after a week."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from admin.jobs.registry import Progress, handles
from admin.order_imports.dropping import forget
from admin.order_imports.judging import JUDGE, judge
from admin.order_imports.taking import TAKE, take_all

SWEEP = "order_imports.sweep"


@handles(JUDGE)
def judge_file(payload: dict[str, Any], progress: Progress, now: datetime) -> None:
    """Say what taking a file would do."""
    judge(int(payload["import_id"]), progress.report)


@handles(TAKE)
def take_file(payload: dict[str, Any], progress: Progress, now: datetime) -> None:
    """Take a file's orders in."""
    take_all(int(payload["import_id"]), now=now, report=progress.report)


@handles(SWEEP)
def forget_files(payload: dict[str, Any], progress: Progress, now: datetime) -> None:
    """Delete the rows of files past their time."""
    forget(now=now)
