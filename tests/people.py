"""People who use the pages: a browser without JavaScript that knows forms and their tokens."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app, g, has_app_context
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from admin.models import Operator, db, transaction

STEP = 30  # seconds that a code of an authenticator app is shown
PASSWORD = "correct-horse-battery-2026"
ORIGIN = "https://localhost"  # cookies are Secure
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*>')


class Browser(FlaskClient):
    """Every request begins with an empty `g` and reads afresh, as when a server takes it.

    Requests of a test share its application context; without this the second one would find
    the first one's person, token and nonce, and the database as it stood then.
    """

    def open(self, *args: Any, **options: Any) -> TestResponse:
        """Send one request."""
        if has_app_context():
            db.session.commit()
            vars(g._get_current_object()).clear()  # type: ignore[attr-defined]
        return super().open(*args, **options)


class AuthenticatorApp:
    """A person's telephone with their authenticator app on it."""

    def __init__(self, operator_id: int) -> None:
        """Set it up without the pages, which would end the person's other sessions."""
        self._totp = current_app.extensions["people"].totp_factory
        self._secret = self._totp.generate_totp_secret()
        self._operator_id = operator_id
        with transaction():
            operator = db.session.get_one(Operator, operator_id)
            operator.tf_primary_method = "authenticator"
            operator.tf_totp_secret = self._secret

    def code(self, now: datetime) -> str:
        """The first code around `now` that was not used yet, as after waiting for the next one."""
        present = int(now.timestamp()) // STEP
        used = db.session.scalar(
            sa.select(Operator.last_code_counter).where(Operator.id == self._operator_id)
        )
        counter = present - 1 if used is None else max(used + 1, present - 1)
        assert counter <= present + 1, "three codes at one moment are all there are"
        return self.at(counter)

    def at(self, counter: int) -> str:
        """The code of one half minute since 1970."""
        token: str = self._totp._totp.from_source(self._secret).generate(counter * STEP).token
        return token


class Person:
    """A browser and whoever sits before it."""

    def __init__(self, client: FlaskClient, operator: Operator | None) -> None:
        self.client = client
        self.operator = operator

    def sign_in(self, password: str = PASSWORD) -> Person:
        """Sign in through the page."""
        if self.operator is None:
            raise ValueError("a stranger has no account")
        page = self.get("/sign-in").text
        answer = self.client.post(
            "/sign-in",
            base_url=ORIGIN,
            data={
                "email": self.operator.email,
                "password": password,
                "csrf_token": token_of(page),
            },
        )
        assert answer.status_code == 302, answer.text
        return self

    def get(self, path: str, **options: Any) -> TestResponse:
        """Open a page."""
        return self.client.get(path, base_url=ORIGIN, **options)

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        """Send a form with this session's token."""
        token = token_of(self.get("/profile/").text)
        body = {"csrf_token": token, **(data or {})}
        return self.client.post(path, base_url=ORIGIN, data=body, **options)

    def hidden_fields(self, path: str) -> dict[str, str]:
        """The hidden fields of the forms on a page, as a browser would send them back."""
        return hidden_in(self.get(path).text)


def hidden_in(page: str) -> dict[str, str]:
    """The hidden fields of the forms on a page that was answered."""
    fields = {}
    for tag in HIDDEN.findall(page):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value:
            fields[name[1]] = value[1]
    return fields


def token_of(page: str) -> str:
    """The CSRF token of the first form of a page."""
    found = TOKEN.search(page)
    assert found, "the page has no form with a token"
    return found[1]
