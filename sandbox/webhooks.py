"""Webhooks: who is told, when, and what the knobs of the control plane do to it on the way.

One background thread posts them, ordered by when they are due on the gateway's clock. Nothing is
tried twice unless retries are opted for.
"""

import itertools
import json
import logging
import threading
import urllib.error
import urllib.request
from collections import deque
from dataclasses import asdict, dataclass, replace
from random import Random
from typing import Any
from urllib.parse import urlencode

from sandbox.clock import Clock
from sandbox.envelope import Refusal

log = logging.getLogger("sandbox")

MOST_RETRIES = 5
_TIMEOUT = 30.0
_RETRY_TIMEOUT = 15.0
_KEPT = 5_000
_MOST_COPIES = 2_000
# Waiting for what was sent means everything due this soon; a retry in a minute is not.
_SOON = 5.0
# Due whatever the clock is moved to.
_AT_ONCE = 0.0
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Knobs:
    """What happens to webhooks from now on.

    `loss` is the share that is lost, `lose_next` a count that is; each one that is not leaves
    `dup` times, `delay_ms` late. `reorder` holds that many and sends them last one first.
    After a network error or a 5xx it is tried `retries` more times, `retry_ms` apart.
    """

    loss: float = 0.0
    lose_next: int = 0
    dup: int = 1
    delay_ms: int = 0
    reorder: int = 0
    form_encoded: bool = False
    retries: int = 0
    retry_ms: int = 60_000

    def __post_init__(self) -> None:
        counts = (self.lose_next, self.delay_ms, self.reorder, self.retries, self.retry_ms)
        if not (
            0 <= self.loss <= 1
            and min(counts) >= 0
            and 1 <= self.dup <= _MOST_COPIES
            and self.retries <= MOST_RETRIES
        ):
            raise Refusal("A knob is out of its range.", status=400)


@dataclass(slots=True, kw_only=True)
class _Job:
    """One POST to make, `due` on the gateway's clock; `attempt` counts from 1."""

    url: str
    body: dict[str, str]
    due: float
    number: int
    attempt: int = 1


class WebhookSender:
    """Sends `{imp_uid, merchant_uid, status[, cancellation_id]}` to the shop."""

    def __init__(
        self, *, url: str | None, clock: Clock, as_form: bool = False, random_seed: int = 1
    ) -> None:
        self.url = url
        self.knobs = Knobs(form_encoded=as_form)
        self._sent: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self._clock = clock
        self._random = Random(random_seed)
        self._numbers = itertools.count(1)
        self._waiting: list[_Job] = []
        self._held: list[_Job] = []
        self._posting: _Job | None = None
        self._change = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        # No proxy from the environment may see these.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def send(
        self,
        payment: dict[str, Any],
        *,
        cancellation_id: str | None = None,
        notice_url: str | None = None,
    ) -> None:
        """Queue one; a request's own notice_url, one a line, replaces the console's."""
        body = {name: str(payment[name]) for name in ("imp_uid", "merchant_uid", "status")}
        if cancellation_id:
            body["cancellation_id"] = cancellation_id
        with self._change:
            for url in (notice_url or self.url or "").split():
                self._put(url, body)
            self._wake()

    def forge(self, *, url: str, data: bytes, content_type: str) -> dict[str, Any]:
        """Post any body now, and say what was answered."""
        result = self._post(url, data, content_type, timeout=_TIMEOUT)
        entry = {
            "url": url,
            "body": data.decode(errors="replace"),
            "attempt": 1,
            "forged": True,
            "result": result,
        }
        self._sent.append(entry)
        return entry

    def turn(self, changes: dict[str, Any]) -> Knobs:
        """Change the named knobs; what was held for another order leaves when it is let go."""
        with self._change:
            self.knobs = replace(self.knobs, **changes)
            if len(self._held) >= self.knobs.reorder:
                self._let_go()
            self._wake()
            return self.knobs

    def start_over(self, *, url: str | None, as_form: bool, random_seed: int) -> None:
        """Forget the knobs, what waits and what was sent, as after a start."""
        with self._change:
            self.url = url
            self.knobs = Knobs(form_encoded=as_form)
            self._random = Random(random_seed)
            self._waiting.clear()
            self._held.clear()
            self._sent.clear()

    def sent(self, *, wait: bool = True) -> list[dict[str, Any]]:
        """Everything sent and what was answered, oldest first; waits until what is due has been
        tried, unless told not to."""
        with self._change:
            self._wake()
            if wait:
                self._change.wait_for(self._is_idle)
            return list(self._sent)

    def state(self) -> dict[str, Any]:
        """The knobs, and how many wait or are held."""
        with self._change:
            return {**asdict(self.knobs), "waiting": len(self._waiting), "held": len(self._held)}

    def wake(self) -> None:
        """Look again at what is due, as after a move of the clock."""
        with self._change:
            self._wake()

    def close(self) -> None:
        with self._change:
            self._closed = True
            self._change.notify_all()

    def _put(self, url: str, body: dict[str, str]) -> None:
        """One message through the knobs, in a fixed order so that a seed repeats itself."""
        if self._is_lost():
            self._sent.append({"url": url, "body": body, "attempt": 1, "result": "lost"})
            return
        late = self.knobs.delay_ms / 1000
        due = self._clock.exact() + late if late else _AT_ONCE
        for _ in range(self.knobs.dup):
            job = _Job(url=url, body=body, due=due, number=next(self._numbers))
            (self._held if self.knobs.reorder else self._waiting).append(job)
        if self.knobs.reorder and len(self._held) >= self.knobs.reorder:
            self._let_go()
            self.knobs = replace(self.knobs, reorder=0)

    def _is_lost(self) -> bool:
        if self.knobs.lose_next:
            self.knobs = replace(self.knobs, lose_next=self.knobs.lose_next - 1)
            return True
        return self._random.random() < self.knobs.loss

    def _let_go(self) -> None:
        for job in reversed(self._held):
            self._waiting.append(replace(job, number=next(self._numbers)))
        self._held.clear()

    def _wake(self) -> None:
        if self._thread is None and self._waiting:
            self._thread = threading.Thread(target=self._work, name="webhooks", daemon=True)
            self._thread.start()
        self._change.notify_all()

    def _is_idle(self) -> bool:
        horizon = self._clock.exact() + _SOON
        return self._closed or (
            self._posting is None and not any(job.due <= horizon for job in self._waiting)
        )

    def _work(self) -> None:
        while (job := self._next()) is not None:
            result = self._deliver(job)
            with self._change:
                self._posting = None
                self._sent.append(
                    {"url": job.url, "body": job.body, "attempt": job.attempt, "result": result}
                )
                self._try_again(job, result)
                self._change.notify_all()

    def _next(self) -> _Job | None:
        """The next job once it is due; None when the sandbox stops."""
        with self._change:
            while not self._closed:
                job = min(self._waiting, key=lambda one: (one.due, one.number), default=None)
                wait = None if job is None else job.due - self._clock.exact()
                if job is not None and wait is not None and wait <= 0:
                    self._waiting.remove(job)
                    self._posting = job
                    return job
                self._change.wait(wait)
        return None

    def _deliver(self, job: _Job) -> int | str:
        if self.knobs.form_encoded:
            data, kind = urlencode(job.body).encode(), _FORM
        else:
            data, kind = json.dumps(job.body).encode(), _JSON
        timeout = _TIMEOUT if job.attempt == 1 else _RETRY_TIMEOUT
        return self._post(job.url, data, kind, timeout=timeout)

    def _try_again(self, job: _Job, result: int | str) -> None:
        failed = isinstance(result, str) or result >= 500
        if failed and job.attempt <= self.knobs.retries:
            due = self._clock.exact() + self.knobs.retry_ms / 1000
            self._waiting.append(
                replace(job, due=due, number=next(self._numbers), attempt=job.attempt + 1)
            )

    def _post(self, url: str, data: bytes, content_type: str, *, timeout: float) -> int | str:
        """The HTTP status, or the fault in words."""
        if not url.startswith(("http://", "https://")):
            return "not an HTTP address"
        request = urllib.request.Request(url, data, {"Content-Type": content_type})  # noqa: S310
        try:
            with self._opener.open(request, timeout=timeout) as reply:
                return int(reply.status)
        except urllib.error.HTTPError as error:
            return error.code
        except (OSError, ValueError) as error:
            log.warning("A webhook was not delivered: %s", error)
            return str(error)
