"""The one page of the control plane, for a person with a mouse."""

from flask import Blueprint, render_template

from sandbox.clock import in_kst
from sandbox.ledger import read_ledger
from sandbox.payment_rows import read_payments
from sandbox.state import sandbox

bp = Blueprint("page", __name__)

_NEWEST = 12


@bp.get("/")
def show() -> str:
    parts = sandbox()
    with parts.store.reading() as db:
        rows = db.execute(
            "SELECT * FROM payments ORDER BY started_at DESC, id DESC LIMIT ?", (_NEWEST,)
        ).fetchall()
        payments = read_payments(db, rows)
    return render_template(
        "control.html",
        now=in_kst(parts.clock.now()),
        payments=payments,
        ledger=read_ledger(parts.store)[-_NEWEST:],
        faults=parts.faults.pending(),
        in_kst=in_kst,
    )
