"""Redis gone: limits still hold, sessions stand, and no job is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from admin.app import build_app
from admin.config import Settings
from admin.domain.job import JobState
from admin.domain.permissions import Role
from admin.jobs.queue import make_huey
from admin.jobs.service import reap
from admin.jobs.worker import run_job
from admin.models import Job, WebhookEvent, db
from admin.web.security import limiter
from tests.conftest import add_operator
from tests.people import ORIGIN, Browser, Person, token_of

pytestmark = pytest.mark.slow

NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture
def without_redis(app: Flask, settings: Settings) -> Iterator[Flask]:
    """An installation whose Redis does not answer, over the database of the test.

    The counter of limits is one for every application of a process; it is put back afterwards.
    """
    db.session.rollback()
    before = dict(vars(limiter))
    made = build_app(
        replace(settings, huey_url=NOBODY, ratelimit_url=NOBODY, testing=False, secure_cookies=True)
    )
    made.test_client_class = Browser
    with made.app_context():
        yield made
        db.session.remove()
        db.engine.dispose()
    vars(limiter).clear()
    vars(limiter).update(before)


def test_fault_f58_people_sign_in_and_stay_signed_in(without_redis: Flask) -> None:
    person = Person(without_redis.test_client(), add_operator(Role.FINANCE)).sign_in()

    assert person.get("/payments/").status_code == 200
    assert without_redis.test_client().get("/readyz", base_url=ORIGIN).json["queue"] is False


def test_fault_f58_the_limit_of_sign_ins_still_holds(without_redis: Flask) -> None:
    browser = without_redis.test_client()
    token = token_of(browser.get("/sign-in", base_url=ORIGIN).text)
    form = {"email": "nobody@shop.example", "password": "", "csrf_token": token}

    statuses = [browser.post("/sign-in", base_url=ORIGIN, data=form).status_code for _ in range(31)]

    assert statuses[0] == 200
    assert statuses[-1] == 429


@pytest.fixture
def queue_is_gone(app: Flask) -> Iterator[None]:
    """The application's queue stands on a Redis that does not answer."""
    lanes = app.extensions["queue"].lanes
    kept = {lane: huey.storage for lane, huey in lanes.items()}
    for lane, huey in lanes.items():
        huey.storage = make_huey(NOBODY, lane).storage
    yield
    for lane, huey in lanes.items():
        huey.storage = kept[lane]


@pytest.mark.usefixtures("queue_is_gone")
def test_fault_f58_a_message_is_taken_and_its_job_handed_over_later(
    app: Flask, settings: Settings, now: datetime
) -> None:
    answer = app.test_client().post(
        f"/webhooks/payments/{settings.webhook_token}",
        base_url=ORIGIN,
        data=json.dumps({"imp_uid": "imp_100000000001"}),
        content_type="application/json",
    )

    assert answer.status_code == 200
    job = db.session.scalars(sa.select(Job)).one()
    assert job.state is JobState.QUEUED
    assert [key for key, _ in reap(now=now + timedelta(minutes=1))] == [job.id]
    run_job(job.id)
    assert db.session.scalars(sa.select(WebhookEvent.worked_at)).one() is not None
