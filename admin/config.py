"""Settings from the environment, read once. A missing or weak one stops the start by name.

Every setting is explained in `.env.example`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from environs import Env, EnvValidationError, ValidationError, validate

from admin.domain.hosts import is_loopback

WEAK_SECRETS = frozenset({"", "secret", "changeme", "change-me", "dev", "test", "password"})
SHORTEST_SECRET = 32
SHORTEST_WEBHOOK_TOKEN = 24
PORTONE_SCRIPT = "https://cdn.iamport.kr/v1/iamport.js"
SANDBOX_CODE = "imp00000000"
_IMP_CODE = re.compile(r"imp[0-9]{8}")
MOST_IN_FLIGHT = 16  # pages at once; more gains nothing
_AT_ONCE = validate.Range(min=1, max=MOST_IN_FLIGHT)
_ORIGIN = re.compile(r"https://[A-Za-z0-9.*-]+")


class SettingsError(Exception):
    """The environment cannot be started from. Names every fault, one a line."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        lines = "\n".join(f"  - {fault}" for fault in faults)
        super().__init__(f"Jangbu cannot start with these settings:\n{lines}\nSee .env.example.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that differs between installations. What may hold a secret is never printed."""

    database_url: str = field(repr=False)
    huey_url: str = field(repr=False)
    gateway_url: str
    gateway_key: str
    gateway_secret: str = field(repr=False)
    secret_key: str = field(repr=False)
    webhook_token: str = field(repr=False)
    include_sandbox: bool
    store_name: str
    store_channel: str
    trusted_hosts: tuple[str, ...]
    secure_cookies: bool
    proxy_hops: int
    log_level: str
    ratelimit_url: str = field(repr=False)
    sync_minutes: int
    sync_history_days: int
    testing: bool
    sync_in_flight: int = 8
    exports_folder: str = ""
    key_in: bool = False
    imp_code: str = ""
    window_script_url: str = ""
    window_origins: tuple[str, ...] = ()

    @property
    def window_script(self) -> str:
        """Where the script of the payment window comes from: as set, else the gateway's own."""
        own = f"{self.gateway_url}/v1/iamport.js" if self.is_sandbox else PORTONE_SCRIPT
        return self.window_script_url or own

    @property
    def window_code(self) -> str:
        """What `IMP.init` is called with; "" where no window can be opened."""
        return self.imp_code or (SANDBOX_CODE if self.is_sandbox else "")

    @property
    def window_sources(self) -> tuple[str, ...]:
        """The origins that the customer's page may load and frame, and no other page may."""
        script = urlsplit(self.window_script)
        return (f"{script.scheme}://{script.netloc}", *self.window_origins)

    @property
    def exports_path(self) -> Path:
        """Where exported files lie until they expire: as set, else beside the database or queue."""
        if self.exports_folder:
            return Path(self.exports_folder)
        beside = sqlite_path(self.database_url) or sqlite_path(self.huey_url)
        return beside.absolute().parent / "exports" if beside else Path("var/exports").absolute()

    @property
    def is_sandbox(self) -> bool:
        """Whether the gateway is the stand-in on this computer: then no real money can move."""
        return is_loopback(urlsplit(self.gateway_url).hostname or "")

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @classmethod
    def from_env(cls) -> Settings:
        """Read and judge the environment. Raises SettingsError naming every fault at once."""
        env = Env(eager=False)
        values: dict[str, Any] = {
            "database_url": env.str("DATABASE_URL", validate=_checked(_database_fault)),
            "huey_url": env.str("HUEY_URL", validate=_checked(_queue_fault)),
            "gateway_url": env.str("GATEWAY_URL", validate=_checked(_gateway_fault)),
            "gateway_key": env.str("GATEWAY_KEY", validate=_checked(_empty_fault)),
            "gateway_secret": env.str("GATEWAY_SECRET", validate=_checked(_empty_fault)),
            "secret_key": env.str("SECRET_KEY", validate=_checked(_secret_fault)),
            "webhook_token": env.str("WEBHOOK_TOKEN", "", validate=_checked(_token_fault)),
            "include_sandbox": env.bool("INCLUDE_SANDBOX", False),
            "store_name": env.str("STORE_NAME", "장부"),
            "store_channel": env.str("STORE_CHANNEL", "KCP"),
            "trusted_hosts": env.list("TRUSTED_HOSTS", ["127.0.0.1", "localhost"]),
            "secure_cookies": env.bool("SECURE_COOKIES", True),
            "proxy_hops": env.int("PROXY_HOPS", 0),
            "log_level": env.str("LOG_LEVEL", "INFO"),
            "ratelimit_url": env.str("RATELIMIT_URL", "memory://"),
            "sync_minutes": env.int("SYNC_MINUTES", 5),
            "sync_history_days": env.int("SYNC_HISTORY_DAYS", 200),
            "sync_in_flight": env.int("SYNC_IN_FLIGHT", 8, validate=_AT_ONCE),
            "testing": env.bool("JANGBU_TESTING", False),
            "exports_folder": env.str("EXPORTS_FOLDER", ""),
            "key_in": env.bool("KEY_IN_ENABLED", False),
            "imp_code": env.str("IMP_CODE", "", validate=_checked(_code_fault)),
            "window_script_url": env.str("WINDOW_SCRIPT_URL", "", validate=_checked(_script_fault)),
            "window_origins": env.list("WINDOW_ORIGINS", [], validate=_checked_all(_origin_fault)),
        }
        try:
            env.seal()
        except EnvValidationError as error:
            raise SettingsError(_sentences(error.error_messages)) from None
        for name in ("trusted_hosts", "window_origins"):
            values[name] = tuple(values[name] or ())
        settings = cls(**values)
        if faults := settings.live_faults():
            raise SettingsError(faults)
        return settings

    def live_faults(self) -> list[str]:
        """What may be left out or off only while the gateway is the sandbox."""
        if self.is_sandbox:
            return []
        checks = {
            "WEBHOOK_TOKEN must be set when the gateway is the real one": self.webhook_token,
            "SECURE_COOKIES may be off only with the sandbox": self.secure_cookies,
            "JANGBU_TESTING is for the suite alone": not self.testing,
        }
        return [sentence for sentence, fine in checks.items() if not fine]


def sqlite_path(url: str) -> Path | None:
    """The file behind a `sqlite:///` URL, None for another database or one in memory."""
    path = url.removeprefix("sqlite:///")
    return None if path in (url, "", ":memory:") else Path(path)


def _checked(fault: Callable[[str], str | None]) -> Callable[[str], None]:
    """A validator for environs from a function that says what is wrong, never quoting the value."""

    def check(value: str) -> None:
        if sentence := fault(value):
            raise ValidationError(sentence)

    return check


def _checked_all(fault: Callable[[str], str | None]) -> Callable[[list[str]], None]:
    """The same for every entry of a list."""
    check = _checked(fault)

    def check_all(values: list[str]) -> None:
        for value in values:
            check(value)

    return check_all


def _sentences(messages: list[str] | Mapping[str, list[str]]) -> list[str]:
    if isinstance(messages, list):
        return messages
    return [f"{name}: {' '.join(parts)}" for name, parts in sorted(messages.items())]


def _database_fault(url: str) -> str | None:
    if url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        return None
    return "neither sqlite:///path nor postgresql://…"


def _queue_fault(url: str) -> str | None:
    if url.startswith(("sqlite:///", "redis://", "rediss://")):
        return None
    return "neither sqlite:///path nor redis://…"


def _gateway_fault(url: str) -> str | None:
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname and parts.port in (None, 443):
        return None
    if parts.scheme == "http" and is_loopback(parts.hostname or ""):
        return None
    return "must be https on port 443, or http on this computer for the sandbox"


def _code_fault(value: str) -> str | None:
    return None if not value or _IMP_CODE.fullmatch(value) else "must be imp and eight digits"


def _script_fault(value: str) -> str | None:
    return _gateway_fault(value) if value else None


def _origin_fault(value: str) -> str | None:
    return None if _ORIGIN.fullmatch(value) else "not origins such as https://*.example.com"


def _secret_fault(value: str) -> str | None:
    if value.lower() in WEAK_SECRETS or len(value) < SHORTEST_SECRET or len(set(value)) < 10:
        return f"weak; give at least {SHORTEST_SECRET} random characters."
    return None


def _token_fault(value: str) -> str | None:
    if value and len(value) < SHORTEST_WEBHOOK_TOKEN:
        return f"shorter than {SHORTEST_WEBHOOK_TOKEN} characters."
    return None


def _empty_fault(value: str) -> str | None:
    return None if value.strip() else "empty."
