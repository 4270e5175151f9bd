"""Scripted faults in, ground truth out."""

from flask import Blueprint, Response, request

from sandbox.envelope import success
from sandbox.incoming import query_integer, read_body
from sandbox.ledger import read_ledger
from sandbox.state import sandbox

bp = Blueprint("inspection", __name__)


@bp.post("/script")
def add_fault() -> Response:
    return success({"id": sandbox().faults.add(read_body()).id})


@bp.get("/script")
def pending_faults() -> Response:
    return success(sandbox().faults.pending())


@bp.delete("/script")
def clear_faults() -> Response:
    """All of them, or the one of `?id=`."""
    sandbox().faults.clear(query_integer("id"))
    return success(None)


@bp.get("/ledger")
def ledger() -> Response:
    """Every effect since the seed; `?after=SEQ` for the newer ones only."""
    return success(read_ledger(sandbox().store, after=query_integer("after") or 0))


@bp.get("/requests")
def requests() -> Response:
    """Requests seen, newest 2,000; `?method=` and `?path=` narrow them."""
    return success(
        sandbox().requests.read(method=request.args.get("method"), path=request.args.get("path"))
    )


@bp.delete("/requests")
def clear_requests() -> Response:
    sandbox().requests.clear()
    return success(None)
