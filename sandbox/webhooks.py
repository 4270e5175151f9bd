"""Webhooks: one POST each, in order, from a background thread; nothing is tried twice."""

import json
import logging
import queue
import threading
import urllib.error
import urllib.request
from collections import deque
from typing import Any
from urllib.parse import urlencode

log = logging.getLogger("sandbox")

_TIMEOUT = 30.0
_KEPT = 500


class WebhookSender:
    """Sends `{imp_uid, merchant_uid, status[, cancellation_id]}` to the shop."""

    def __init__(self, *, url: str | None, as_form: bool) -> None:
        self.url = url
        self.as_form = as_form
        self.sent: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self._waiting: queue.Queue[tuple[str, dict[str, str]] | None] = queue.Queue()
        self._thread: threading.Thread | None = None
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
        urls = (notice_url or self.url or "").split()
        if not urls:
            return
        body = {name: str(payment[name]) for name in ("imp_uid", "merchant_uid", "status")}
        if cancellation_id:
            body["cancellation_id"] = cancellation_id
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="webhooks", daemon=True)
            self._thread.start()
        for url in urls:
            self._waiting.put((url, body))

    def wait(self) -> None:
        """Return when everything queued so far has been tried."""
        self._waiting.join()

    def close(self) -> None:
        if self._thread is not None:
            self._waiting.put(None)

    def _work(self) -> None:
        while (job := self._waiting.get()) is not None:
            url, body = job
            try:
                self.sent.append({"url": url, "body": body, "result": self._post(url, body)})
            finally:
                self._waiting.task_done()
        self._waiting.task_done()

    def _post(self, url: str, body: dict[str, str]) -> int | str:
        """The HTTP status, or the fault in words."""
        if self.as_form:
            data, kind = urlencode(body).encode(), "application/x-www-form-urlencoded"
        else:
            data, kind = json.dumps(body).encode(), "application/json"
        if not url.startswith(("http://", "https://")):
            return "not an HTTP address"
        request = urllib.request.Request(url, data, {"Content-Type": kind})  # noqa: S310
        try:
            with self._opener.open(request, timeout=_TIMEOUT) as reply:
                return int(reply.status)
        except urllib.error.HTTPError as error:
            return error.code
        except (OSError, ValueError) as error:
            log.warning("A webhook was not delivered: %s", error)
            return str(error)
