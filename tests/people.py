"""People who use the pages: a browser without JavaScript that knows forms and their tokens."""

from __future__ import annotations

import re
from typing import Any

from flask import g, has_app_context
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from admin.models import Operator, db

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
