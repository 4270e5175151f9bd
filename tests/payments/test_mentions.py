"""Notes that call a colleague until they opened the payment."""

from __future__ import annotations

import re
from html import unescape

import sqlalchemy as sa

from admin.domain.permissions import Role
from admin.models import Note, NoteMention, db, transaction
from tests.conftest import add_operator
from tests.payments.looking import EN, show, timeline


def waiting_on(person) -> list[str]:
    page = person.get("/", **EN).text
    return re.findall(r'needs__noun" href="([^"]+)">[^<]* mentioned you<', page)


def test_a_note_calls_a_person_until_they_opened_it(support, sign_in, payment):
    called, other = sign_in(Role.FINANCE), sign_in(Role.FINANCE)
    text = f"@{called.operator.name} 확인해 주세요"

    support.post(f"/payments/{payment.id}/notes/", {"text": text})

    assert waiting_on(called) == [f"/payments/{payment.id}#history"]
    assert waiting_on(other) == []
    show(other, payment)
    assert waiting_on(called) == [f"/payments/{payment.id}#history"]
    assert f"Note for {called.operator.name}" in " ".join(timeline(show(called, payment)))
    assert waiting_on(called) == []


def test_who_opens_a_payment_opens_it_for_nobody_else(support, sign_in, payment):
    one, other = sign_in(Role.FINANCE), sign_in(Role.FINANCE)
    text = f"@{one.operator.name} @{other.operator.name}"
    support.post(f"/payments/{payment.id}/notes/", {"text": text})

    show(one, payment)

    assert waiting_on(one) == []
    assert waiting_on(other) == [f"/payments/{payment.id}#history"]


def test_a_person_is_called_by_the_beginning_of_their_address(support, payment):
    called = add_operator(Role.MANAGER)

    support.post(f"/payments/{payment.id}/notes/", {"text": f"@{called.email[:8]} 봐 주세요"})

    assert db.session.scalars(sa.select(NoteMention.operator_id)).all() == [called.id]


def test_a_name_that_is_nobodys_is_told_and_the_text_is_kept(support, payment):
    answer = support.post(
        f"/payments/{payment.id}/notes/", {"text": "전화했어요 @없는사람 <b>"}, **EN
    )

    assert answer.status_code == 422
    assert "Nobody called “없는사람” works here." in unescape(answer.text)
    assert "전화했어요 @없는사람 &lt;b&gt;</textarea>" in answer.text
    assert db.session.query(Note).count() == 0


def test_who_has_left_is_not_called_and_nobody_in_their_place(support, payment):
    gone = add_operator(Role.SUPPORT)
    with transaction():
        db.session.get_one(type(gone), gone.id).active = False

    answer = support.post(f"/payments/{payment.id}/notes/", {"text": f"@{gone.name}"}, **EN)

    assert answer.status_code == 422
    assert f"@{gone.name}</b>" not in answer.text
    assert f"@{support.operator.name}</b>" in answer.text
