"""S01: how passwords are kept. S11: no account that everyone knows. The second factor, whole."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine
from argon2 import PasswordHasher
from flask import Flask
from flask_security.utils import hash_password
from werkzeug.test import TestResponse

from admin.accounts.demo import PASSWORD as DEMO_PASSWORD
from admin.accounts.demo import PEOPLE, seed_demo_operators
from admin.accounts.setup import ARGON2
from admin.config import Settings
from admin.domain.clock import utc_now
from admin.domain.permissions import Role
from admin.models import AuditEntry, Operator, db
from tests.conftest import add_operator
from tests.people import ORIGIN, PASSWORD, Person, token_of

pytestmark = pytest.mark.slow

KEY = re.compile(r'class="qr__key"><span class="ids">([A-Z2-7 -]+)</span>')
CODE = re.compile(r'<li class="ids">([0-9a-f-]+)</li>')


def code_at(key: str, moment: datetime) -> str:
    """The six digits an authenticator app shows (RFC 6238)."""
    secret = base64.b32decode(key.replace(" ", "").replace("-", "").ljust(32, "="))
    counter = struct.pack(">Q", int(moment.timestamp()) // 30)
    digest = hmac.new(secret, counter, hashlib.sha1).digest()
    place = digest[-1] & 15
    number = struct.unpack(">I", digest[place : place + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def try_password(app: Flask, email: str, password: str) -> TestResponse:
    client = app.test_client()
    page = client.get("/sign-in", base_url=ORIGIN).text
    form = {"email": email, "password": password, "csrf_token": token_of(page)}
    return client.post("/sign-in", base_url=ORIGIN, data=form)


def actions() -> list[str]:
    query = sa.select(AuditEntry.action).order_by(AuditEntry.id)
    return list(db.session.scalars(query))


def test_security_s01_passwords_are_kept_as_argon2id(app: Flask) -> None:
    kept = add_operator(Role.VIEWER).password
    assert kept.startswith("$argon2id$v=19$")
    assert PASSWORD not in kept


def test_security_s01_an_installation_spends_64_mib_and_three_rounds() -> None:
    assert (ARGON2["argon2__memory_cost"], ARGON2["argon2__rounds"]) == (64 * 1024, 3)


def test_security_s01_an_older_hash_is_renewed_at_the_next_sign_in(app: Flask) -> None:
    operator = add_operator(Role.VIEWER)
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    db.session.execute(
        sa.update(Operator).where(Operator.id == operator.id).values(password=weak),
        execution_options={"synchronize_session": False},
    )
    db.session.commit()
    db.session.refresh(operator)

    assert try_password(app, operator.email, PASSWORD).status_code == 302

    db.session.expire_all()
    assert operator.password != weak
    assert "m=64,t=1" in operator.password  # as the suite hashes


def test_security_s11_a_new_database_holds_nobody(app: Flask) -> None:
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Operator)) == 0


def test_security_s11_demo_people_sign_in_while_the_gateway_is_the_sandbox_here(
    app: Flask,
) -> None:
    list(seed_demo_operators(hash_password, now=utc_now()))
    for email, _, _ in PEOPLE:
        assert try_password(app, email, DEMO_PASSWORD).status_code == 302, email


@pytest.mark.parametrize("url", ["https://api.iamport.kr", "https://sandbox.example"])
def test_security_s11_demo_people_cannot_sign_in_at_any_other_gateway(
    url: str, app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(seed_demo_operators(hash_password, now=utc_now()))
    real = add_operator(Role.FINANCE)
    monkeypatch.setitem(app.extensions, "settings", replace(settings, gateway_url=url))

    for email, _, _ in PEOPLE:
        assert try_password(app, email, DEMO_PASSWORD).status_code == 200, email
    assert try_password(app, real.email, PASSWORD).status_code == 302


def test_security_s11_demo_people_are_made_at_the_sandbox_only(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = replace(settings, gateway_url="https://api.iamport.kr")
    monkeypatch.setitem(app.extensions, "settings", real)
    done = app.test_cli_runner().invoke(args=["seed", "demo"])
    assert done.exit_code != 0
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Operator)) == 0


def test_a_wrong_password_and_an_unknown_person_read_the_same(app: Flask) -> None:
    operator = add_operator(Role.VIEWER)
    wrong = try_password(app, operator.email, "not-the-password")
    unknown = try_password(app, "nobody@shop.example", "not-the-password")

    assert wrong.status_code == unknown.status_code == 200
    sentence = "이메일과 비밀번호가 맞지 않아요"
    assert (sentence in wrong.text) == (sentence in unknown.text)
    assert 'class="notice' in wrong.text
    assert 'class="notice' in unknown.text
    assert actions()[-2:] == ["sign_in.refused", "sign_in.refused"]


def test_what_was_typed_at_a_refused_sign_in_is_kept_nowhere(app: Flask) -> None:
    try_password(app, "hunter2@shop.example", "hunter2-typed-into-the-wrong-box")
    for entry in db.session.scalars(sa.select(AuditEntry)):
        assert "hunter2" not in f"{entry.actor} {entry.subject} {entry.facts}"


def enrol(person: Person) -> str:
    """Set an authenticator app up as a person does; returns its key."""
    page = person.get("/profile/authenticator")
    assert page.status_code == 200
    form = {"setup": "authenticator", "csrf_token": token_of(page.text)}
    page = person.client.post("/profile/authenticator", base_url=ORIGIN, data=form)
    found = KEY.search(page.text)
    assert found, page.text
    action = re.search(r'action="(/profile/authenticator/[^"]+)"', page.text)
    assert action, "the form for the first code"
    form = {"code": code_at(found[1], utc_now()), "csrf_token": token_of(page.text)}
    answer = person.client.post(action[1], base_url=ORIGIN, data=form)
    assert answer.status_code == 302, answer.text
    return found[1]


def give_password(app: Flask, operator: Operator) -> Person:
    """A browser in which the password was typed and the code was not."""
    person = Person(app.test_client(), operator)
    form = {
        "email": operator.email,
        "password": PASSWORD,
        "csrf_token": token_of(person.get("/sign-in").text),
    }
    answer = person.client.post("/sign-in", base_url=ORIGIN, data=form)
    assert answer.status_code == 302
    assert "/sign-in/code" in answer.location
    return person


def give_code(person: Person, path: str, code: str) -> TestResponse:
    form = {"code": code, "csrf_token": token_of(person.get(path).text)}
    return person.client.post(path, base_url=ORIGIN, data=form)


def test_a_person_enrols_an_app_and_signs_in_with_its_code(
    app: Flask, sign_in: Callable[[Role], Person]
) -> None:
    with time_machine.travel(utc_now(), tick=False) as clock:
        owner = sign_in(Role.FINANCE)
        assert owner.operator is not None
        key = enrol(owner)
        assert "second_factor.changed" in actions()

        person = give_password(app, owner.operator)
        assert person.get("/payments/").status_code == 302, "the password alone opens nothing"
        clock.shift(timedelta(seconds=60))
        wrong = f"{(int(code_at(key, utc_now())) + 1) % 1_000_000:06}"
        assert give_code(person, "/sign-in/code", wrong).status_code == 200
        assert person.get("/payments/").status_code == 302

        assert give_code(person, "/sign-in/code", code_at(key, utc_now())).status_code == 302
        assert person.get("/payments/").status_code == 200


def test_a_recovery_code_opens_the_door_once(app: Flask, sign_in: Callable[[Role], Person]) -> None:
    owner = sign_in(Role.FINANCE)
    assert owner.operator is not None
    enrol(owner)
    page = owner.get("/profile/recovery-codes")
    form = {"generate_new_codes": "1", "csrf_token": token_of(page.text)}
    page = owner.client.post("/profile/recovery-codes", base_url=ORIGIN, data=form)
    code = CODE.findall(page.text)[0]

    person = give_password(app, owner.operator)
    assert give_code(person, "/sign-in/recovery-code", code).status_code == 302
    assert person.get("/payments/").status_code == 200

    again = give_password(app, owner.operator)
    assert give_code(again, "/sign-in/recovery-code", code).status_code == 200
    assert again.get("/payments/").status_code == 302


def test_security_s16_the_second_factor_gives_a_new_id(
    app: Flask, sign_in: Callable[[Role], Person]
) -> None:
    owner = sign_in(Role.FINANCE)
    assert owner.operator is not None
    before = owner.client.get_cookie("__Host-jangbu")
    key = enrol(owner)
    after = owner.client.get_cookie("__Host-jangbu")
    assert before is not None
    assert after is not None
    assert before.value != after.value

    person = give_password(app, owner.operator)
    waiting = person.client.get_cookie("__Host-jangbu")
    with time_machine.travel(utc_now() + timedelta(seconds=60), tick=False):
        give_code(person, "/sign-in/code", code_at(key, utc_now()))
    signed_in = person.client.get_cookie("__Host-jangbu")
    assert waiting is not None
    assert signed_in is not None
    assert waiting.value != signed_in.value


def test_security_s18_a_changed_factor_ends_the_other_sessions(
    app: Flask, sign_in: Callable[[Role], Person]
) -> None:
    """Whoever sat somewhere with the password alone is out once the owner asks for a code."""
    owner = sign_in(Role.FINANCE)
    assert owner.operator is not None
    elsewhere = Person(app.test_client(), owner.operator).sign_in()
    enrol(owner)

    assert owner.get("/payments/").status_code == 200
    assert elsewhere.get("/payments/").status_code == 302


def test_security_s59_the_seed_of_an_app_is_not_readable_in_the_database(
    sign_in: Callable[[Role], Person],
) -> None:
    owner = sign_in(Role.FINANCE)
    assert owner.operator is not None
    key = enrol(owner).replace(" ", "").replace("-", "")
    db.session.expire_all()
    assert owner.operator.tf_totp_secret
    assert key not in owner.operator.tf_totp_secret
