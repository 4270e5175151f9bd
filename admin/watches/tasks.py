"""The watches are looked at every few minutes, and when a walk has brought payments in."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.datastructures import MultiDict

from admin.domain.errors import InvalidInput
from admin.jobs.registry import Progress, handles
from admin.jobs.service import someone_runs
from admin.payments.finding import PaymentFilter
from admin.payments.listing import read_search
from admin.payments.tasks import SYNC
from admin.watches import service
from admin.web.i18n import speaking

EVALUATE = "watches.evaluate"


@handles(EVALUATE, after=SYNC)
def evaluate(payload: dict[str, Any], progress: Progress, now: datetime) -> None:
    """Look at every watch, unless somebody is at it."""
    if someone_runs(EVALUATE, besides=int(payload["job_id"]), now=now):
        return
    with speaking("ko"):
        service.evaluate_all(read=read_filter, now=now, report=progress.report)


def read_filter(query: str, now: datetime) -> PaymentFilter:
    """What the list of payments shows under this query string. Raises InvalidInput.

    The list leaves out what it cannot read; a watch over more than was meant would not be true.
    """
    search = read_search(MultiDict(parse_qsl(query)), now=now)
    if search.has_problems:
        raise InvalidInput(service.UNREADABLE)
    return search.filter
