"""Background jobs: the row is the truth, the queue only carries its id."""

from datetime import timedelta
from enum import Enum


class JobState(Enum):
    """How far a job has come."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class JobLane(Enum):
    """Money jobs never wait behind long ones."""

    MONEY = "money"
    GENERAL = "general"


LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 5
