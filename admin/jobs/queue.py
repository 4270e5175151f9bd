"""huey as the carrier: two lanes, one task that is given a job's id."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from huey import Huey, RedisHuey, SqliteHuey

from admin.domain.job import JobLane


def make_huey(url: str, lane: JobLane) -> Huey:
    """The queue of one lane.

    The SQLite file is the queue's own and does not use a WAL, so that the library's
    WAL-reset fault cannot reach it whatever version huey finds.
    """
    name = f"jangbu-{lane.value}"
    if url.startswith("sqlite:///"):
        path = url.removeprefix("sqlite:///")
        return SqliteHuey(name, filename=path, journal_mode="truncate", results=False)
    return RedisHuey(name, url=url, results=False)


class JobQueue:
    """Carries ids of jobs to workers. Losing one costs a delay: the reaper brings it again."""

    def __init__(self, url: str, run: Callable[[int], None]) -> None:
        self.lanes = {lane: make_huey(url, lane) for lane in JobLane}
        self._tasks = {
            lane: huey.task(name=f"run_{lane.value}")(run) for lane, huey in self.lanes.items()
        }

    def push(self, job_id: int, lane: JobLane, due_at: datetime) -> None:
        """Hand one id over, to be worked at `due_at`."""
        task = self._tasks[lane]
        if due_at > datetime.now(UTC):
            task.schedule(args=(job_id,), eta=due_at.astimezone(UTC).replace(tzinfo=None))
        else:
            task(job_id)

    def close(self) -> None:
        """Close this thread's connections; the next use opens new ones."""
        for huey in self.lanes.values():
            huey.storage.close()

    def answers(self) -> bool:
        """Whether the queue can be reached."""
        return all(huey.pending_count() >= 0 for huey in self.lanes.values())
