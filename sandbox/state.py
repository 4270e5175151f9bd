"""Everything one running sandbox holds, reached from a request through `sandbox()`."""

from dataclasses import dataclass, field
from typing import cast

from flask import current_app

from sandbox.clock import Clock
from sandbox.config import SandboxConfig
from sandbox.faults import FaultScript
from sandbox.journal import RequestJournal
from sandbox.store import Store
from sandbox.webhooks import WebhookSender


@dataclass(slots=True)
class Sandbox:
    """The parts, wired together once by `create_app`."""

    config: SandboxConfig
    store: Store
    clock: Clock
    webhooks: WebhookSender
    faults: FaultScript = field(default_factory=FaultScript)
    requests: RequestJournal = field(default_factory=RequestJournal)

    def close(self) -> None:
        self.webhooks.close()
        self.store.close()


def sandbox() -> Sandbox:
    """The sandbox that serves this request."""
    return cast(Sandbox, current_app.extensions["sandbox"])
