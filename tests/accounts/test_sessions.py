"""S15: what the browser holds. S16: new rights, new id. S17: an end by itself. S18: at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from admin.accounts.service import change_role, disable, forget_old_sessions
from admin.accounts.sessions import SELF_REFRESH, ServerSessions
from admin.domain.actor import Actor
from admin.domain.clock import utc_now
from admin.domain.permissions import Role
from admin.models import SignInSession, db
from tests.architecture.source import ROOT
from tests.people import ORIGIN, Person, token_of

pytestmark = pytest.mark.slow

COOKIE = "__Host-jangbu"
OPEN = "/payments/"  # a page for whoever is signed in


def cookie_of(person: Person) -> str:
    cookie = person.client.get_cookie(COOKIE)
    assert cookie is not None
    return cookie.value


def is_signed_in(person: Person, path: str = OPEN) -> bool:
    return person.get(path).status_code == 200


def with_cookie(app: Flask, value: str) -> Person:
    """Somebody who holds this cookie and nothing else."""
    other = Person(app.test_client(), None)
    other.client.set_cookie(COOKIE, value, domain="localhost", secure=True)
    return other


def set_cookies(answer: TestResponse) -> list[str]:
    return answer.headers.getlist("Set-Cookie")


def test_security_s15_every_cookie_is_for_this_host_alone_and_for_no_script(
    finance: Person, stranger: Person
) -> None:
    token = token_of(finance.get("/profile/").text)
    answers = [
        stranger.get("/sign-in"),
        stranger.get("/nowhere"),
        finance.get("/"),
        finance.client.post("/sign-out", base_url=ORIGIN, data={"csrf_token": token}),
        finance.get("/sign-in"),
    ]
    sent = [line for answer in answers for line in set_cookies(answer)]
    assert len(sent) >= 3
    for line in sent:
        name, _, rest = line.partition("=")
        parts = {part.strip().lower() for part in rest.split(";")[1:]}
        assert name == COOKIE
        assert {"secure", "httponly", "samesite=strict", "path=/"} <= parts, line
        assert not any(part.startswith("domain") for part in parts), line


def test_security_s15_the_id_is_random_and_only_its_hash_is_kept(finance: Person) -> None:
    value = cookie_of(finance)
    rows = db.session.execute(sa.select(SignInSession.__table__)).mappings().all()

    assert len(value) >= 43, "32 bytes, 256 bits"
    assert hashlib.sha256(value.encode()).hexdigest() in {row["id_hash"] for row in rows}
    assert all(value not in str(row) for row in rows)


def test_security_s15_without_tls_on_this_computer_the_cookie_keeps_its_other_marks(
    app: Flask,
) -> None:
    plain, secure = ServerSessions(secure=False), ServerSessions(secure=True)
    assert plain.cookie_name == "jangbu"
    assert plain._cookie() == {**secure._cookie(), "secure": False}


def test_security_s15_a_made_up_id_is_nobody(app: Flask, finance: Person) -> None:
    hashed = hashlib.sha256(cookie_of(finance).encode()).hexdigest()
    for value in ("", "x" * 43, hashed, cookie_of(finance)[:-1]):
        assert not is_signed_in(with_cookie(app, value)), value


def test_security_s16_signing_in_gives_a_new_id_and_the_old_one_is_dead(
    app: Flask, finance: Person
) -> None:
    """An id planted in the browser before the sign-in opens nothing after it."""
    victim = Person(app.test_client(), finance.operator)
    victim.get("/sign-in")
    before = cookie_of(victim)

    victim.sign_in()

    assert cookie_of(victim) != before
    assert is_signed_in(victim)
    assert not is_signed_in(with_cookie(app, before))


def test_security_s16_an_id_never_comes_from_the_address_or_a_form(app: Flask) -> None:
    person = Person(app.test_client(), None)
    person.get(f"/sign-in?{COOKIE}=planted")
    assert cookie_of(person) != "planted"


def test_security_s16_another_role_ends_the_session_that_had_the_old_one(
    finance: Person, actor: Actor
) -> None:
    assert finance.operator is not None
    change_role(finance.operator.id, Role.VIEWER, actor=actor, now=utc_now())

    assert not is_signed_in(finance)
    finance.sign_in()
    assert finance.get("/reconciliation/").status_code == 403


def test_security_s17_after_fifteen_idle_minutes_a_session_is_over(
    sign_in: Callable[[Role], Person],
) -> None:
    with time_machine.travel(utc_now(), tick=False) as clock:
        person = sign_in(Role.FINANCE)
        clock.shift(timedelta(minutes=14, seconds=59))
        assert is_signed_in(person)
        clock.shift(timedelta(minutes=14, seconds=59))
        assert is_signed_in(person), "each use begins the quarter of an hour anew"
        clock.shift(timedelta(minutes=15, seconds=1))
        assert not is_signed_in(person)


def test_security_s17_after_eight_hours_a_session_is_over_however_busy(
    sign_in: Callable[[Role], Person],
) -> None:
    with time_machine.travel(utc_now(), tick=False) as clock:
        person = sign_in(Role.FINANCE)
        for _ in range(47):
            clock.shift(timedelta(minutes=10))
            assert is_signed_in(person, "/profile/")
        clock.shift(timedelta(minutes=10, seconds=1))
        assert not is_signed_in(person, "/profile/")


def test_security_s17_what_a_page_asks_by_itself_keeps_no_session_alive(
    sign_in: Callable[[Role], Person],
) -> None:
    with time_machine.travel(utc_now(), tick=False) as clock:
        person = sign_in(Role.FINANCE)
        for _ in range(3):
            clock.shift(timedelta(minutes=5))
            answer = person.get("/jobs/", headers={SELF_REFRESH: "1"})
            assert answer.status_code == 200
        clock.shift(timedelta(seconds=1))
        assert not is_signed_in(person)


def test_security_s17_the_page_that_refreshes_itself_says_so() -> None:
    """The header that the script sends is the one that the server knows."""
    script = (ROOT / "static/js/modules/refresh.js").read_text(encoding="utf-8")
    assert SELF_REFRESH in script


def test_security_s18_signing_out_ends_the_session_on_the_server(
    app: Flask, finance: Person
) -> None:
    before = cookie_of(finance)
    finance.post("/sign-out")

    assert not is_signed_in(finance)
    assert not is_signed_in(with_cookie(app, before)), "a copied cookie is worth nothing"


def test_security_s18_disabling_a_person_ends_every_session_of_theirs(
    app: Flask, finance: Person, actor: Actor
) -> None:
    assert finance.operator is not None
    phone = Person(app.test_client(), finance.operator).sign_in()
    disable(finance.operator.id, actor=actor, now=utc_now())

    assert not is_signed_in(finance)
    assert not is_signed_in(phone)
    with pytest.raises(AssertionError):
        finance.sign_in()


def test_security_s18_another_persons_session_stays(
    finance: Person, support: Person, actor: Actor
) -> None:
    assert finance.operator is not None
    disable(finance.operator.id, actor=actor, now=utc_now())
    assert is_signed_in(support)


def test_security_s23_signing_out_clears_what_the_browser_kept(finance: Person) -> None:
    cleared = finance.post("/sign-out").headers["Clear-Site-Data"]
    assert {'"cache"', '"cookies"', '"storage"'} <= {part.strip() for part in cleared.split(",")}


def test_sessions_that_are_over_are_removed(app: Flask, finance: Person) -> None:
    forget_old_sessions(now=utc_now())
    assert is_signed_in(finance)
    forget_old_sessions(now=utc_now() + timedelta(hours=9))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SignInSession)) == 0
