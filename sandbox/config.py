"""What one sandbox is started with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

# The gateway's public test pair; it opens nothing but test channels.
TEST_KEY = "imp_apikey"
TEST_SECRET = "ekKoeW8RyKuT0zgaZsUtXXTLQ4AhPFW3ZGseDA6bkA5lamv9OqDMnxyeB9wqOsuO9W3Mx9YSJ4dTqJ3f"

PartialReading = Literal["cancelled", "paid"]
Seed = Literal["demo", "empty"]


def _silent(_line: str) -> None:
    """Progress goes nowhere unless somebody asks for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxConfig:
    """`data` keeps the state on disk; without it everything lives in memory.

    `partial_reading` is what the status of a partly cancelled payment reads: the gateway's
    own papers disagree, so both are offered; None keeps what the state has, at first
    `cancelled`. `now` only fixes the moment the seed ends at;
    the clock itself is moved over the control plane. `books_dir` is where seeding writes the
    shop's own books, `data / "books"` when left out.
    """

    key: str = TEST_KEY
    secret: str = TEST_SECRET
    host: str = "127.0.0.1"
    port: int = 0
    data: Path | None = None
    books_dir: Path | None = None
    seed: Seed = "empty"
    payments: int = 30_000
    random_seed: int = 1
    now: datetime | None = None
    webhook_url: str | None = None
    webhook_form: bool = False
    partial_reading: PartialReading | None = None
    progress: Callable[[str], None] = _silent

    @property
    def books(self) -> Path | None:
        """Where the books belong, if anywhere."""
        return self.books_dir or (self.data / "books" if self.data else None)
