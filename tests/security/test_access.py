"""S24: who may open what. S33: no foreign form is taken. S34: looking changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from admin.domain.permissions import Role
from admin.web import access
from admin.web.access import requires
from admin.web.security import csrf
from tests.people import ORIGIN, Person, token_of
from tests.security.matrix import ANONYMOUS, LINES, SAFE, Line

pytestmark = pytest.mark.slow

# These end the session (a code that nobody asked for does, too), so they come last.
ENDS_SESSION = ["security.logout", "security.two_factor_token_validation"]


def rules(app: Flask) -> set[tuple[str, str]]:
    return {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def ask(person: Person, line: Line, token: str) -> TestResponse:
    if line.method in SAFE:
        return person.get(line.path, buffered=True)
    body = {"csrf_token": token}
    return person.client.open(line.path, method=line.method, base_url=ORIGIN, data=body)


def is_denied(answer: TestResponse) -> bool:
    sent_to_sign_in = answer.status_code == 302 and "/sign-in?next=" in answer.location
    return answer.status_code in (401, 403) or sent_to_sign_in


def differing(person: Person, who: str, token: str) -> dict[str, int]:
    """The lines that do not answer as the matrix says."""
    wrong = {}
    for line in sorted(LINES, key=lambda one: (one.endpoint in ENDS_SESSION, one.endpoint)):
        answer = ask(person, line, token)
        assert answer.status_code < 500, f"{line} answered {answer.status_code}"
        if is_denied(answer) is (who in line.may):
            wrong[str(line)] = answer.status_code
    return wrong


def test_security_s24_every_endpoint_and_method_is_listed(app: Flask) -> None:
    assert {(line.endpoint, line.method) for line in LINES} == rules(app)


@pytest.mark.parametrize("role", Role)
def test_security_s24_every_role_opens_what_the_matrix_gives_it_and_nothing_else(
    role: Role, sign_in: Callable[[Role], Person]
) -> None:
    person = sign_in(role)
    token = token_of(person.get("/profile/").text)
    assert differing(person, role.value, token) == {}


def test_security_s24_a_stranger_opens_what_is_public_and_nothing_else(stranger: Person) -> None:
    token = token_of(stranger.get("/sign-in").text)
    assert differing(stranger, ANONYMOUS, token) == {}


@pytest.fixture
def unmarked(app: Flask) -> Iterator[str]:
    """A view that somebody forgot to mark, in the place of one that is marked."""
    endpoint = "audit.index"
    marked = app.view_functions[endpoint]
    app.view_functions[endpoint] = lambda: "open to all"
    yield "/audit/"
    app.view_functions[endpoint] = marked


def test_security_s24_a_view_without_a_permission_is_refused_to_everyone(
    unmarked: str, sign_in: Callable[[Role], Person], stranger: Person
) -> None:
    assert sign_in(Role.ADMIN).get(unmarked).status_code == 403
    assert is_denied(stranger.get(unmarked))


def test_security_s24_the_endpoints_of_libraries_are_listed_by_name() -> None:
    """What our decorators cannot mark is public or one's own, and this is all of it."""
    assert {
        "static",
        "security.login",
        "security.two_factor_token_validation",
        "security.mf_recovery",
    } == access.LIBRARY_PUBLIC
    assert all(one.startswith("security.") for one in access.LIBRARY_OWN)
    assert not access.LIBRARY_OWN & access.LIBRARY_PUBLIC


def test_security_s24_a_permission_is_named_by_its_kind_never_by_a_text() -> None:
    with pytest.raises(AttributeError):
        requires("audit.read")(lambda: None).permission.value  # type: ignore[arg-type]  # noqa: B018


UNSAFE = [line for line in LINES if line.method not in SAFE]
EXEMPT = {"webhooks.receive", "order_api.bring"}  # neither reads a cookie


def test_security_s33_only_the_webhook_and_the_orders_of_programs_need_no_token(app: Flask) -> None:
    """Views are exempt by name; neither has a session; the receiver believes nothing it is told,
    and the orders need a token of another kind."""
    by_name = {
        f"{view.__module__}.{view.__name__}": endpoint
        for endpoint, view in app.view_functions.items()
    }
    assert {by_name[name] for name in csrf._exempt_views} == EXEMPT
    assert csrf._exempt_blueprints == set()
    assert app.config.get("WTF_CSRF_ENABLED", True)
    assert app.config.get("WTF_CSRF_CHECK_DEFAULT", True)
    assert set(app.config["WTF_CSRF_METHODS"]) >= {"POST", "PUT", "PATCH", "DELETE"}


def send(person: Person, line: Line, **options: Any) -> TestResponse:
    return person.client.open(line.path, method=line.method, base_url=ORIGIN, **options)


def test_security_s33_no_form_is_taken_without_its_token(
    sign_in: Callable[[Role], Person], app: Flask
) -> None:
    admin, other = sign_in(Role.ADMIN), sign_in(Role.ADMIN)
    foreign = token_of(other.get("/profile/").text)
    admin.get("/profile/")
    for line in UNSAFE:
        if line.endpoint in EXEMPT:
            continue
        for token in ({}, {"csrf_token": ""}, {"csrf_token": "made-up"}, {"csrf_token": foreign}):
            answer = send(admin, line, data=token)
            assert answer.status_code == 400, f"{line} with {list(token.values())}"
            as_header = {"X-CSRFToken": foreign}
            assert send(admin, line, headers=as_header).status_code == 400
    assert admin.get("/profile/").status_code == 200, "still signed in"


def test_security_s33_a_token_in_the_address_is_none(sign_in: Callable[[Role], Person]) -> None:
    person = sign_in(Role.MANAGER)
    token = token_of(person.get("/profile/").text)
    answer = person.client.post(f"/jobs/sync?csrf_token={token}", base_url=ORIGIN)
    assert answer.status_code == 400


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_security_s34_what_another_site_makes_a_browser_send_is_refused(
    site: str, sign_in: Callable[[Role], Person]
) -> None:
    person = sign_in(Role.ADMIN)
    token = token_of(person.get("/profile/").text)
    headers = {"Sec-Fetch-Site": site}
    for line in UNSAFE:
        answer = send(person, line, data={"csrf_token": token}, headers=headers)
        assert answer.status_code == 403, str(line)
    assert person.get("/profile/").status_code == 200
