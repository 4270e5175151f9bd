"""Which gateway, with whose key, and how long a call may take."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from admin.domain.hosts import is_loopback


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """The longest a call may take in all, in seconds: connecting, sending, waiting and reading.

    For reads this is the sum of every try.
    """

    look_up: float = 10.0
    page: float = 30.0
    money: float = 60.0
    token: float = 5.0


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """One gateway and one merchant account. Raises ValueError for an address we must not call.

    Calls go to `https://host` on port 443, or to a sandbox on this computer; never elsewhere.
    """

    url: str
    key: str
    secret: str = field(repr=False)
    include_sandbox: bool
    deadlines: Deadlines = field(default=Deadlines(), kw_only=True)

    def __post_init__(self) -> None:
        check_address(self.url)

    @property
    def origin(self) -> str:
        """The address without its trailing slash; paths are put behind it."""
        return self.url.rstrip("/")

    @property
    def host(self) -> str:
        """The gateway's host name. A sandbox may move to another port and stays the same one."""
        return (urlsplit(self.url).hostname or "").lower()

    @property
    def key_fingerprint(self) -> str:
        """16 hex digits that name this host and key together; the key cannot be read from them."""
        return hashlib.sha256(f"{self.host}\0{self.key}".encode()).hexdigest()[:16]


def check_address(url: str) -> None:
    """Raise ValueError unless `url` is a host on https port 443, or this computer."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.username is not None or parts.password is not None:
        raise ValueError("the gateway's address must not hold a user name or password")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("the gateway's address is a host alone, without a path")
    if is_loopback(host) and parts.scheme in ("http", "https"):
        return
    if parts.scheme != "https" or parts.port not in (None, 443):
        raise ValueError("the gateway is called on https port 443, or on this computer")
    if not _is_host_name(host):
        raise ValueError("the gateway's address needs a full host name, not an IP address")


def _is_host_name(host: str) -> bool:
    """Two labels or more, the last one of letters: no shorthand for an IP address passes."""
    labels = host.split(".")
    plain = all(label and label.replace("-", "").isalnum() and label.isascii() for label in labels)
    return plain and len(labels) > 1 and labels[-1].isalpha()
