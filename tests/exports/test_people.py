"""Personal data in a file: masked or not, behind a code, and whom a file is shown."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from admin.domain.actor import Actor
from admin.domain.clock import utc_now
from admin.domain.errors import NotAllowed
from admin.domain.permissions import Role
from admin.exports.handing import open_file
from admin.models import AuditEntry, Export, db
from tests.conftest import add_operator
from tests.exports.inside import asked, make, the_export
from tests.exports.taking import ask, fill_in, take
from tests.people import AuthenticatorApp, Person


def asked_facts() -> tuple[str, str]:
    """Of the file asked for last: whether it is masked, and whether a code was taken."""
    entry = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.action == "export.asked").order_by(AuditEntry.id)
    ).all()[-1]
    return entry.facts["masked"], entry.facts["stepped_up"]


def as_actor(role: Role) -> Actor:
    operator = add_operator(role)
    return Actor(name=operator.name, operator_id=operator.id, role=role)


def test_people_are_masked_unless_the_role_may_and_asks(sign_in, shop, folder):
    finance, manager = sign_in(Role.FINANCE), sign_in(Role.MANAGER)
    assert "unmasked" not in finance.get("/exports/new?list=payments").text
    forged = take(finance, "period=all", unmasked="y").text
    assert "010-••••-4821" in forged
    assert "010-1234-4821" not in forged
    assert "010-••••-4821" in take(manager, "period=all").text
    assert "010-1234-4821" in take(manager, "period=all", unmasked="y").text
    masked = db.session.scalars(sa.select(Export.is_masked).order_by(Export.id)).all()
    assert masked == [True, True, False]


def test_personal_data_in_full_take_a_code_of_whoever_has_an_app(sign_in, shop, folder):
    manager = sign_in(Role.MANAGER)
    phone = AuthenticatorApp(manager.operator.id)
    full = {"unmasked": "y", "language": "en"}

    without = ask(manager, "period=all", **full)
    assert without.status_code == 422
    assert "Type the code that your authenticator app shows" in without.text

    guess = f"{(int(phone.code(utc_now())) + 7) % 1_000_000:06}"
    wrong = ask(manager, "period=all", code=guess, **full)
    assert wrong.status_code == 422
    assert "This code is wrong, or was used already. No file was made" in wrong.text
    assert guess not in wrong.text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Export)) == 0
    assert "second_factor.refused" in db.session.scalars(sa.select(AuditEntry.action)).all()

    code = phone.code(utc_now())
    assert "010-1234-4821" in take(manager, "period=all", code=code, **full).text
    assert asked_facts() == ("False", "True")
    again = ask(manager, "period=all", code=code, **full)
    assert again.status_code == 422
    assert the_export().is_masked is False


def test_masked_files_and_files_without_people_take_no_code(sign_in, shop, folder):
    manager = sign_in(Role.MANAGER)
    AuthenticatorApp(manager.operator.id)
    assert 'name="code"' in manager.get("/exports/new?list=payments").text
    assert "010-••••-4821" in take(manager, "period=all").text
    assert asked_facts() == ("True", "False")
    numbers = ask(manager, "period=all", columns=["imp_uid", "amount_minor"], unmasked="y")
    assert numbers.status_code == 303


def test_who_has_no_app_is_asked_for_no_code(sign_in, shop, folder):
    manager = sign_in(Role.MANAGER)
    assert 'name="code"' not in manager.get("/exports/new?list=payments").text
    assert "010-1234-4821" in take(manager, "period=all", unmasked="y").text
    assert asked_facts() == ("False", "False")


def test_codes_cannot_be_guessed_one_after_the_other(shop, limited):
    manager, other = (
        Person(limited.test_client(), add_operator(Role.MANAGER)).sign_in() for _ in range(2)
    )
    for person in (manager, other):
        phone = AuthenticatorApp(person.operator.id)
    wrong = f"{(int(phone.code(utc_now())) + 7) % 1_000_000:06}"
    form = fill_in(manager, "period=all", unmasked="y", code=wrong)
    answers = [manager.post("/exports/", form).status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]
    theirs = fill_in(other, "period=all", unmasked="y", code=wrong)
    assert other.post("/exports/", theirs).status_code == 422


def test_a_file_is_its_makers_and_the_auditors(sign_in, shop, folder):
    finance, other, manager = sign_in(Role.FINANCE), sign_in(Role.FINANCE), sign_in(Role.MANAGER)
    take(finance, "period=all")
    address = f"/exports/{the_export().id}"
    for path in (address, f"{address}/file", f"{address}/passport.txt"):
        assert other.get(path).status_code == 404
        assert manager.get(path, buffered=True).status_code == 200
    assert other.post(f"{address}/cancellation/").status_code == 404
    assert finance.operator.name not in other.get("/exports/").text
    assert finance.operator.name in manager.get("/exports/").text


def test_who_lost_the_right_to_see_people_loses_the_file(app, shop, folder, now):
    manager = as_actor(Role.MANAGER)
    export = asked(manager, now, masked=False)
    make(export, folder, now)
    demoted = Actor(name=manager.name, operator_id=manager.operator_id, role=Role.FINANCE)
    with pytest.raises(NotAllowed):
        open_file(export.id, folder=folder, actor=demoted, now=now)


def test_support_takes_nothing_away(app, shop, now):
    with pytest.raises(NotAllowed):
        asked(as_actor(Role.SUPPORT), now)
