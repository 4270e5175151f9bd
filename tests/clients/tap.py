"""Listens between the published clients and the sandbox: what was really sent and answered."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from tests.sandbox.contract import Contract

_PLACE = re.compile(r"\{[^}]+\}")
# The papers write the state into the path; it may be left out.
_OPTIONAL = "/{payment_status}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer. `operation` is None where the contract knows no such path."""

    operation: str | None
    path: str
    query: list[tuple[str, str]]
    content_type: str
    authorization: str | None
    body: dict[str, Any]
    status: int
    code: int | None

    @property
    def succeeded(self) -> bool:
        return self.status < 300 and self.code == 0


class Tap:
    """WSGI middleware that keeps every exchange, the sandbox's control plane apart."""

    def __init__(self, app: Callable[..., Iterable[bytes]], contract: Contract) -> None:
        self._app = app
        self._templates = _templates(contract)
        self.exchanges: list[Exchange] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ["REQUEST_URI"].partition("?")[0]
        if path.startswith("/_sandbox"):
            return self._app(environ, start_response)
        sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(sent)
        content_type = environ.get("CONTENT_TYPE", "").partition(";")[0]
        statuses: list[int] = []

        def note_status(status: str, *rest: Any) -> Any:
            statuses.append(int(status.split(maxsplit=1)[0]))
            return start_response(status, *rest)

        answer = b"".join(self._app(environ, note_status))
        self.exchanges.append(
            Exchange(
                operation=self._operation(environ["REQUEST_METHOD"], path),
                path=path,
                query=parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True),
                content_type=content_type,
                authorization=environ.get("HTTP_AUTHORIZATION"),
                body=_read(sent, content_type),
                status=statuses[-1],
                code=json.loads(answer)["code"],
            )
        )
        return [answer]

    def _operation(self, method: str, path: str) -> str | None:
        wanted = f"{method} {path.rstrip('/')}"
        return next((name for pattern, name in self._templates if pattern.fullmatch(wanted)), None)


def _templates(contract: Contract) -> list[tuple[re.Pattern[str], str]]:
    """Each operation as a pattern, those with fewer places first."""
    names = sorted(contract.operations, key=lambda name: name.count("{"))
    return [(_pattern(name), name) for name in names]


def _pattern(operation: str) -> re.Pattern[str]:
    fixed, may_miss = operation, ""
    if operation.endswith(_OPTIONAL) and "{" in operation.removesuffix(_OPTIONAL):
        fixed, may_miss = operation.removesuffix(_OPTIONAL), "(/[^/]+)?"
    return re.compile("[^/]+".join(map(re.escape, _PLACE.split(fixed))) + may_miss)


def _read(sent: bytes, content_type: str) -> dict[str, Any]:
    if not sent:
        return {}
    text = sent.decode()
    return json.loads(text) if content_type.endswith("json") else dict(parse_qsl(text))
