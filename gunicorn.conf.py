"""The web server: two processes of eight threads, behind nothing or behind a proxy.

A call that moves money may take 60 s and a look-up before it 10 s, so a worker is given more
than that before it is believed to hang, and a stop lets such a call finish. Only half of the
threads of a process may wait for the gateway at once: the others go on answering pages.
"""

import os
import resource
from pathlib import Path
from typing import Any

bind = os.environ.get("WEB_BIND", "127.0.0.1:8000")
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))

timeout = 90
graceful_timeout = 75
keepalive = 5

preload_app = True  # the processes share what they only read: half the memory
umask = 0o077
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - heartbeats only
limit_request_line = 8190
limit_request_fields = 60
accesslog = None  # the application logs its requests itself, redacted
errorlog = "-"

resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold secrets


def post_worker_init(worker: Any) -> None:
    """Tell the application of a new process how many of its threads may wait."""
    worker.wsgi.extensions["gateway"].places.most = max(1, threads // 2)
