"""/healthz: the process answers. /readyz: database at head, queue, gateway last seen."""

from __future__ import annotations

from typing import cast

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from admin.jobs.queue import JobQueue
from admin.models import GatewayBinding, db
from admin.web.access import public

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """The process answers."""
    return {"ok": True}


@bp.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """Whether pages can be served: 200, or 503 naming what is missing. No secrets, no figures."""
    parts = {"database": _database(), "queue": _queue()}
    ready = all(parts.values())
    return {"ready": ready, **parts, "gateway_last_seen": _gateway()}, 200 if ready else 503


def _database() -> bool:
    try:
        with db.engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_heads()
    except SQLAlchemyError:
        return False
    folder = current_app.extensions["migrate"].directory
    return set(current) == set(ScriptDirectory(folder).get_heads())


def _queue() -> bool:
    queue = cast(JobQueue, current_app.extensions["queue"])
    try:
        return queue.answers()
    except Exception:
        return False


def _gateway() -> str | None:
    try:
        bound = db.session.get(GatewayBinding, 1)
    except SQLAlchemyError:
        return None
    return bound.seen_at.isoformat() if bound and bound.seen_at else None
