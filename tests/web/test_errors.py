"""S79: every error is a sentence and a number; what happened inside stays inside."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.people import ORIGIN, Person, token_of


@pytest.fixture
def broken(app: Flask) -> Iterator[str]:
    """A page with a programmer's mistake in it."""
    fine = app.view_functions["jobs.index"]

    def view() -> str:
        raise ZeroDivisionError("tests-only-0123456789 at admin/secret_place.py")

    view.permission = fine.permission  # type: ignore[attr-defined]
    app.view_functions["jobs.index"] = view
    yield "/jobs/"
    app.view_functions["jobs.index"] = fine


def check(text: str, number: str, status: int) -> None:
    """A sentence, the request's number, and nothing from inside."""
    assert number in text, "the number of the request"
    assert str(status) in text
    lead = re.search(r'class="plain__lead">([^<]+)<', text)
    assert lead
    assert len(lead[1].strip()) > 8
    for inside in ("Traceback", "File &#34;", 'File "', ".py", "ZeroDivision", "sqlalchemy"):
        assert inside not in text, inside


def test_security_s79_a_mistake_of_ours_shows_a_number_and_no_stack(
    broken: str, finance: Person
) -> None:
    answer = finance.get(broken)
    assert answer.status_code == 500
    check(answer.text, answer.headers["X-Request-ID"], 500)
    assert "tests-only" not in answer.text


@pytest.mark.parametrize("path", ["/nowhere", "/payments/1", "/operations/none", "/static/none"])
def test_security_s79_what_is_not_there_is_said_so(path: str, finance: Person) -> None:
    answer = finance.get(path)
    assert answer.status_code == 404
    check(answer.text, answer.headers["X-Request-ID"], 404)


def test_security_s79_a_wrong_method_and_a_body_too_large_are_said_so(finance: Person) -> None:
    answer = finance.get("/sign-out")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    check(answer.text, answer.headers["X-Request-ID"], 405)

    form = {"csrf_token": token_of(finance.get("/profile/").text), "question": "x" * 600_000}
    answer = finance.client.post("/inquiries/", base_url=ORIGIN, data=form)
    assert answer.status_code == 413
    check(answer.text, answer.headers["X-Request-ID"], 413)


def test_what_a_role_may_not_open_says_who_can_help(viewer: Person) -> None:
    answer = viewer.get("/audit/")
    assert answer.status_code == 403
    check(answer.text, answer.headers["X-Request-ID"], 403)


def test_the_sentence_is_in_the_readers_language(finance: Person) -> None:
    korean = finance.get("/nowhere", headers={"Accept-Language": "ko"}).text
    english = finance.get("/nowhere", headers={"Accept-Language": "en"}).text
    assert 'lang="ko"' in korean
    assert 'lang="en"' in english
    assert "There is nothing here." in english
    assert "There is nothing here." not in korean
