"""S23, S38, S39: what every answer carries. S43: whose name we answer to. S44: what is off."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from admin.domain.permissions import Role
from tests.architecture.source import ROOT
from tests.exports.taking import take
from tests.people import ORIGIN, Person
from tests.security.matrix import LINES, SAFE

pytestmark = pytest.mark.slow

NONCE = re.compile(r"'nonce-([A-Za-z0-9_-]{20,})'")
POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
}
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.fixture
def admin(sign_in: Callable[[Role], Person]) -> Person:
    return sign_in(Role.ADMIN)


@pytest.fixture
def breaking(app: Flask) -> Iterator[str]:
    """A page that fails as a programmer's mistake does."""
    endpoint, path = "jobs.index", "/jobs/"
    fine = app.view_functions[endpoint]

    def broken() -> str:
        raise ZeroDivisionError("a secret detail: tests-only-0123456789")

    broken.permission = fine.permission  # type: ignore[attr-defined]
    app.view_functions[endpoint] = broken
    yield path
    app.view_functions[endpoint] = fine


@pytest.fixture
def answers(admin: Person, stranger: Person, breaking: str) -> dict[str, TestResponse]:
    """One answer of every page that can be looked at, and of every way to fail."""
    pages = {
        f"GET {line.path}": admin.get(line.path, buffered=True)
        for line in LINES
        if line.method in SAFE and line.path != "/sign-in/code"  # signs out
    }
    post, big = admin.client.post, "x" * (3 * 1024 * 1024)
    return {
        **pages,
        "asset": admin.get(asset_of(admin, r"/static/[^\"]+main\.css")),
        "sign-in page": stranger.get("/sign-in"),
        "to the sign-in": stranger.get("/payments/"),
        "404": admin.get("/nowhere"),
        "404 of an asset": admin.get("/static/nowhere.css"),
        "405": admin.get("/sign-out"),
        "400": post("/jobs/sync", base_url=ORIGIN),
        "413": post("/profile/preferences", base_url=ORIGIN, data=big, content_type="text/plain"),
        "500": admin.get(breaking),
        "webhook": post("/webhooks/payments/wrong", base_url=ORIGIN, json={}),
    }


def asset_of(person: Person, pattern: str) -> str:
    found = re.search(pattern, person.get("/profile/").text)
    assert found
    return found[0]


def policy_of(answer: TestResponse) -> dict[str, str]:
    header = answer.headers["Content-Security-Policy"]
    parts = (part.strip().partition(" ") for part in header.split(";") if part.strip())
    return {name: value for name, _, value in parts}


def test_the_ways_to_fail_really_fail(answers: dict[str, TestResponse]) -> None:
    for name in ("400", "404", "405", "413", "500"):
        assert answers[name].status_code == int(name)


def test_security_s38_every_page_forbids_what_it_does_not_need(
    answers: dict[str, TestResponse],
) -> None:
    for name, answer in answers.items():
        if name == "asset":
            continue  # a style sheet loads nothing but our fonts
        policy = policy_of(answer)
        nonces = NONCE.findall(policy.pop("script-src"))
        assert len(nonces) == 1, name
        assert policy == POLICY, name
        assert "unsafe" not in answer.headers["Content-Security-Policy"], name


def test_security_s38_scripts_come_from_ourselves_or_carry_the_nonce(admin: Person) -> None:
    header = admin.get("/").headers["Content-Security-Policy"]
    assert re.search(r"script-src 'self' 'nonce-[A-Za-z0-9_-]+'(;|$)", header)


def test_security_s38_every_answer_has_another_nonce(admin: Person) -> None:
    nonces = [
        NONCE.findall(admin.get("/profile/").headers["Content-Security-Policy"])[0]
        for _ in range(5)
    ]
    assert len(set(nonces)) == 5


def test_security_s38_no_page_holds_a_script_or_style_of_its_own(
    answers: dict[str, TestResponse],
) -> None:
    for name, answer in answers.items():
        if answer.mimetype != "text/html":
            continue
        text = answer.text
        for script in re.findall(r"<script\b[^>]*>", text):
            data = 'type="application/json"' in script
            assert data or "src=" in script or "nonce=" in script, f"{name}: {script}"
        assert not re.search(r"<style\b", text), name
        assert not re.search(r"<[a-z][^>]*\s(?:style|on[a-z]+)=", text), name


def test_security_s39_every_answer_carries_the_plain_guards(
    answers: dict[str, TestResponse],
) -> None:
    for name, answer in answers.items():
        for header, value in EVERYWHERE.items():
            assert answer.headers.get(header) == value, f"{name}: {header}"
        strict = answer.headers["Strict-Transport-Security"]
        found = re.search(r"max-age=(\d+)", strict)
        assert found, name
        assert int(found[1]) >= 31_536_000, name
        assert "includeSubDomains" in strict, name


def test_security_s39_pages_may_not_use_camera_microphone_place_or_payment(
    answers: dict[str, TestResponse],
) -> None:
    for name, answer in answers.items():
        given = answer.headers.get("Permissions-Policy", "")
        for feature in ("camera", "microphone", "geolocation", "payment"):
            assert f"{feature}=()" in given, name


def test_security_s23_what_somebody_signed_in_sees_is_stored_nowhere(
    answers: dict[str, TestResponse],
) -> None:
    for name, answer in answers.items():
        if name in ("asset", "404 of an asset", "GET /static/nothing.css"):
            continue  # public files
        assert answer.headers["Cache-Control"] == "no-store", name


def test_security_s23_exports_are_stored_nowhere_either(finance: Person) -> None:
    for kind in ("csv", "xlsx"):
        assert take(finance, kind=kind).headers["Cache-Control"] == "no-store"
    for path in (
        "/reports/export.csv",
        "/reports/export.xlsx",
        "/reconciliation/export.csv",
    ):
        answer = finance.get(path, buffered=True)
        assert answer.status_code == 200, path
        assert answer.headers["Cache-Control"] == "no-store", path


FOREIGN_HOSTS = [
    "evil.example",
    "localhost.evil.example",
    "evil.example:443",
    "127.0.0.1.evil.example",
    "localhost@evil.example",
    "[::1]",
    "",
    "localhost, evil.example",
]


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_security_s43_an_unknown_host_is_refused(host: str, finance: Person) -> None:
    for path in ("/sign-in", "/healthz", "/payments/"):
        answer = finance.client.get(path, base_url=ORIGIN, headers={"Host": host})
        assert answer.status_code == 400, (path, host)
        assert "evil" not in answer.text


def test_security_s43_a_forwarded_host_is_not_believed(stranger: Person) -> None:
    headers = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-For": "10.0.0.1",
        "Forwarded": "host=evil.example",
        "X-Original-URL": "/audit/",
        "X-Rewrite-URL": "/audit/",
    }
    answer = stranger.get("/payments/", headers=headers)
    assert answer.status_code == 302
    assert "evil" not in answer.text + str(answer.headers)
    assert answer.location.startswith("/sign-in")


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PUT", "DELETE", "PATCH", "PROPFIND"])
def test_security_s44_methods_that_nothing_uses_are_refused(method: str, finance: Person) -> None:
    for path in ("/", "/payments/", "/sign-in", "/healthz"):
        answer = finance.client.open(path, method=method, base_url=ORIGIN)
        assert answer.status_code == 405, f"{method} {path}"
        assert "GET" in answer.headers["Allow"]


def test_security_s44_nothing_says_what_serves_it(answers: dict[str, TestResponse]) -> None:
    for name, answer in answers.items():
        for header in ("Server", "X-Powered-By", "Via"):
            assert header not in answer.headers, name
        if answer.mimetype == "text/html":
            assert not re.search(r"werkzeug|gunicorn|flask|python/", answer.text, re.I), name


def test_security_s44_debugging_is_off(app: Flask) -> None:
    assert not app.debug
    assert not app.config["PROPAGATE_EXCEPTIONS"]
    assert not app.testing


def test_security_s44_the_server_never_loads_the_debugger(app: Flask) -> None:
    env = {
        **os.environ,
        "DATABASE_URL": app.extensions["settings"].database_url,
        "HUEY_URL": app.extensions["settings"].huey_url,
        "GATEWAY_URL": app.extensions["settings"].gateway_url,
        "GATEWAY_KEY": app.extensions["settings"].gateway_key,
        "GATEWAY_SECRET": app.extensions["settings"].gateway_secret,
        "SECRET_KEY": app.extensions["settings"].secret_key,
        "FLASK_DEBUG": "1",
    }
    code = (
        "import sys, wsgi; "
        "client = wsgi.app.test_client(); "
        "answer = client.get('/console', base_url='http://localhost'); "
        "print(answer.status_code, 'werkzeug.debug' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["404", "False"]
