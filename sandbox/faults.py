"""Scripted faults: what to do to which request, once or several times.

`before_commit` stops the request from having its effect; `after_commit` lets it happen and
spoils the answer. What is done to the socket itself is in `wire.py`, what is done to the
gateway's rows in `row_faults.py`.
"""

import itertools
import json
import threading
import time
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal, get_args

from flask import Response

from sandbox.envelope import Refusal, answer
from sandbox.facts.kcp import CANCEL_REFUSED, RESULT_TEXTS, kcp_text

When = Literal["before_commit", "after_commit"]
Action = Literal[
    "ok", "delay", "drop", "reset", "truncate", "no_length_truncate", "drip", "status", "html",
    "garbage", "redirect", "code", "wrong_amount", "wrong_uid", "float_amount",
    "dup_row", "stale_read",
]  # fmt: skip
ON_THE_WIRE = frozenset({"drop", "reset", "truncate", "no_length_truncate", "drip"})
# These need the real answer.
ON_ROWS = frozenset({"dup_row", "stale_read"})

_CANCEL = "/payments/cancel"


@dataclass(slots=True, kw_only=True)
class Fault:
    """One scripted fault. `times` is how often it still strikes; negative means for ever.

    `path` may hold `*`; without a path or method any request matches. `skip` lets that many
    matching requests pass first. For `drip`, `delay_ms` is the wait between two bytes. For
    `code`, `kcp` names the KCP code to refuse with.
    """

    action: Action
    when: When = "before_commit"
    method: str | None = None
    path: str | None = None
    merchant_uid: str | None = None
    imp_uid: str | None = None
    customer_uid: str | None = None
    delay_ms: int = 0
    status: int | None = None
    code: int = 1
    message: str | None = None
    kcp: str | None = None
    body: Any = None
    headers: dict[str, str] | None = None
    location: str | None = None
    times: int = 1
    skip: int = 0
    id: int = 0

    def matches(self, seen: "Seen") -> bool:
        return (
            (self.method is None or self.method.upper() == seen.method)
            and (self.path is None or fnmatchcase(seen.path, self.path.rstrip("/") or "/"))
            and (self.merchant_uid is None or self.merchant_uid in seen.uids)
            and (self.imp_uid is None or self.imp_uid in seen.uids)
            and (self.customer_uid is None or self.customer_uid in seen.uids)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a fault is matched against: the request's method, path and every id in it."""

    method: str
    path: str
    uids: frozenset[str]


class FaultScript:
    """The queue of faults, in memory only."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._faults: list[Fault] = []
        self._ids = itertools.count(1)

    def add(self, given: dict[str, Any]) -> Fault:
        try:
            fault = Fault(**given)
        except TypeError as error:
            raise Refusal(f"Unknown field in the fault: {error}", status=400) from None
        if fault.action not in get_args(Action) or fault.when not in get_args(When):
            raise Refusal("Unknown action or moment in the fault.", status=400)
        if fault.action in ON_ROWS and fault.when != "after_commit":
            raise Refusal(f"{fault.action} strikes after_commit only.", status=400)
        if fault.kcp is not None and fault.kcp not in RESULT_TEXTS:
            raise Refusal("Unknown KCP code in the fault.", status=400)
        with self._turn:
            fault.id = next(self._ids)
            self._faults.append(fault)
        return fault

    def take(self, seen: Seen, when: When) -> Fault | None:
        """The first fault that strikes this request at this moment, used up by one."""
        with self._turn:
            for fault in self._faults:
                if fault.when != when or not fault.matches(seen):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if fault.times == 0:
                    self._faults.remove(fault)
                return fault
        return None

    def pending(self) -> list[dict[str, Any]]:
        with self._turn:
            return [asdict(fault) for fault in self._faults]

    def clear(self, fault_id: int | None = None) -> None:
        """Take one back, or all."""
        with self._turn:
            self._faults = [fault for fault in self._faults if fault_id not in {None, fault.id}]


def lets_through(fault: Fault) -> bool:
    """Whether the request goes on after the wait."""
    return fault.action in {"ok", "delay"}


def wait(fault: Fault) -> None:
    """Sleep as long as the fault says, before anything else."""
    if fault.delay_ms and fault.action != "drip":
        time.sleep(fault.delay_ms / 1000)


def spoil(fault: Fault, real: Response | None, *, path: str) -> Response:
    """The answer a request of `path` gets instead of `real`, None when nothing ran."""
    match fault.action:
        case "status":
            return _status(fault)
        case "html":
            page = fault.body or "<html><body><h1>502 Bad Gateway</h1></body></html>"
            return Response(page, status=fault.status or 502, content_type="text/html")
        case "garbage":
            text = fault.body if isinstance(fault.body, str) else '{"code":0,"message":nul'
            return Response(text, status=fault.status or 200, content_type="application/json")
        case "redirect":
            location = fault.location or str(fault.body or "/")
            return Response("", status=fault.status or 307, headers={"Location": location})
        case "code":
            return _refused(fault, path)
        case "wrong_amount" | "wrong_uid" | "float_amount":
            return _altered(fault, real)
    return real or answer(0, None, None)


def _refused(fault: Fault, path: str) -> Response:
    """A code of the gateway's, or KCP's own refusal as the gateway passes it on."""
    if fault.kcp is None:
        return answer(fault.code, fault.message or "요청을 처리할 수 없습니다.", fault.body)
    words = CANCEL_REFUSED if path == _CANCEL else fault.message or ""
    return answer(-1, f"{words} {kcp_text(fault.kcp)}".lstrip(), fault.body)


def _status(fault: Fault) -> Response:
    status = fault.status or 500
    if fault.body is None:
        response = answer(-1, fault.message or f"HTTP {status}", None, status)
    else:
        text = fault.body if isinstance(fault.body, str) else json.dumps(fault.body)
        response = Response(text, status=status, content_type="application/json")
    response.headers.update(fault.headers or {})
    return response


def _altered(fault: Fault, real: Response | None) -> Response:
    """The real answer with one field that lies."""
    envelope = json.loads(real.get_data()) if real is not None else {}
    payment = envelope.get("response")
    if isinstance(payment, dict):
        match fault.action:
            case "wrong_amount":
                payment["amount"] = payment.get("amount", 0) + 1
            case "float_amount":
                payment["amount"] = payment.get("amount", 0) + 0.5
            case "wrong_uid":
                payment["merchant_uid"] = f"{payment.get('merchant_uid', '')}-other"
    return answer(envelope.get("code", 0), envelope.get("message"), payment)
