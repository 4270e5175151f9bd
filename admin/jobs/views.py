"""Background jobs as a page."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.domain.clock import utc_now
from admin.domain.permissions import Permission
from admin.jobs.queries import select_jobs
from admin.jobs.service import ask_now
from admin.models import Job
from admin.web.access import current_actor, requires
from admin.web.keyset import page_of

bp = Blueprint("jobs", __name__, url_prefix="/jobs")


@bp.get("/")
@requires(Permission.JOBS_READ)
def index() -> ResponseReturnValue:
    """Jobs newest first, with their progress."""
    page = page_of(select_jobs(now=utc_now()), [Job.id], cursor=request.args.get("cursor"))
    return render_template("jobs/index.html", page=page)


@bp.post("/sync")
@requires(Permission.JOBS_RUN)
def start_sync() -> ResponseReturnValue:
    """Ask for a walk over the gateway's payments now."""
    ask_now("payments.sync", actor=current_actor(), now=utc_now())
    flash(gettext("The walk over the gateway's payments is asked for."))
    return redirect(url_for("jobs.index"), 303)
