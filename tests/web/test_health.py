"""/healthz and /readyz: what a supervisor asks, without secrets and without signing in."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from admin.config import Settings
from admin.domain.job import JobLane
from admin.jobs.queue import JobQueue
from admin.models import db
from tests.people import Person


def test_the_process_answers(stranger: Person) -> None:
    answer = stranger.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"ok": True})
    assert answer.headers.getlist("Set-Cookie") == []


def test_an_installation_at_head_is_ready(stranger: Person) -> None:
    answer = stranger.get("/readyz")
    assert answer.status_code == 200
    assert answer.json is not None
    assert (answer.json["ready"], answer.json["database"], answer.json["queue"]) == (True,) * 3
    assert set(answer.json) == {"ready", "database", "queue", "gateway_last_seen"}


def test_a_database_behind_the_code_is_not_ready(app: Flask, stranger: Person) -> None:
    db.session.commit()
    with db.engine.begin() as connection:
        head = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one()
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001_people'"))
    try:
        answer = stranger.get("/readyz")
    finally:
        with db.engine.begin() as connection:
            connection.execute(
                sa.text("UPDATE alembic_version SET version_num = :head"), {"head": head}
            )
    assert answer.status_code == 503
    assert answer.json is not None
    assert (answer.json["ready"], answer.json["database"]) == (False, False)


def test_a_queue_that_cannot_be_reached_is_not_ready(
    app: Flask,
    settings: Settings,
    stranger: Person,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    queue = JobQueue("redis://127.0.0.1:1/0", lambda _job: None)
    assert set(queue.lanes) == set(JobLane)
    monkeypatch.setitem(app.extensions, "queue", queue)
    answer = stranger.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert (answer.json["database"], answer.json["queue"]) == (True, False)


def test_neither_says_anything_that_is_secret(stranger: Person, settings: Settings) -> None:
    said = stranger.get("/readyz").text + stranger.get("/healthz").text
    for secret in (settings.secret_key, settings.gateway_secret, settings.database_url):
        assert secret not in said
