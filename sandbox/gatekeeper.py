"""What every request meets first: the journal, scripted faults, and the token check."""

import ipaddress
from typing import Any

from flask import Flask, Response, g, request

from sandbox.auth import TOKEN_PATH, check_token
from sandbox.coming_due import carry_out
from sandbox.envelope import Refusal, http_refusal
from sandbox.faults import ON_ROWS, ON_THE_WIRE, Fault, Seen, lets_through, spoil, wait
from sandbox.incoming import read_body
from sandbox.paths import readable, segments
from sandbox.row_faults import duplicate_row, read_stale
from sandbox.state import sandbox
from sandbox.wire import WIRE

CONTROL = "/_sandbox"
# Where browsers of buyers come, who have no token.
_WINDOWS = ("/v1/", "/window/")


def register_gatekeeper(app: Flask) -> None:
    app.before_request(_on_arrival)
    app.after_request(_on_departure)


def _on_arrival() -> Response | None:
    parts = sandbox()
    if _is_control():
        _check_neighbour()
        carry_out(parts.store, now=parts.clock.now())
        return None
    carry_out(parts.store, now=parts.clock.now())
    is_window = request.path.startswith(_WINDOWS)
    if is_window and request.method != "POST":
        return None
    path = readable(request.path).rstrip("/") or "/"
    fields = _fields()
    parts.requests.note(at=parts.clock.now(), method=request.method, path=path, fields=fields)
    g.seen = Seen(method=request.method, path=path, uids=_uids(fields))
    fault = parts.faults.take(g.seen, "before_commit")
    if fault is not None:
        wait(fault)
        if not lets_through(fault):
            g.struck = True
            return _struck(fault, None)
    if path != TOKEN_PATH and not is_window:
        check_token()
    return None


def _on_departure(response: Response) -> Response:
    if _is_control() or g.get("struck") or "seen" not in g:
        return response
    fault = sandbox().faults.take(g.seen, "after_commit")
    if fault is None:
        return response
    wait(fault)
    return response if lets_through(fault) else _struck(fault, response)


def _struck(fault: Fault, real: Response | None) -> Response:
    """The spoiled answer; faults on the socket are left to the connection's handler."""
    if fault.action in ON_THE_WIRE:
        if WIRE not in request.environ:
            raise RuntimeError("This fault needs a real socket")
        request.environ[WIRE].fault = fault
    if fault.action in ON_ROWS and real is not None:
        act = duplicate_row if fault.action == "dup_row" else read_stale
        return act(sandbox(), real)
    return spoil(fault, real, path=g.seen.path)


def _is_control() -> bool:
    return request.path == CONTROL or request.path.startswith(f"{CONTROL}/")


def _check_neighbour() -> None:
    """The control plane answers this machine only, and no page of another site."""
    if not _is_loopback(request.remote_addr or ""):
        raise http_refusal(403, "The control plane answers loopback only.")
    origin = request.headers.get("Origin")
    if origin and origin.split("//", 1)[-1] != request.host:
        raise http_refusal(403, "The control plane does not answer other sites.")


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _fields() -> dict[str, Any]:
    """Body and query together; a broken body is the operation's to refuse, not ours."""
    fields: dict[str, Any] = {
        name: values if len(values) > 1 else values[0] for name, values in request.args.lists()
    }
    try:
        return fields | read_body()
    except Refusal:
        return fields


def _uids(fields: dict[str, Any]) -> frozenset[str]:
    """Every id a fault may be aimed at: path segments and the id fields, a window's too."""
    found = set(segments(request.path))
    params = fields.get("params")
    asked = params if isinstance(params, dict) else {}
    for name in ("imp_uid", "merchant_uid", "customer_uid"):
        for value in (fields.get(name), fields.get(f"{name}[]"), asked.get(name)):
            found.update(map(str, value if isinstance(value, list) else [value] if value else []))
    return frozenset(found)
