"""The web process dies, at every place of a decision: at most one effect, and no lost outcome."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from admin.domain.operation import OperationState
from admin.domain.permissions import Role
from admin.gateway.settings import Deadlines
from admin.models import MoneyOperation, db
from admin.operations.resolver import sweep
from tests.architecture.source import ROOT
from tests.faults.databases import nobody_else_writes
from tests.faults.threads import until
from tests.faults.web import Visitor, Web
from tests.operations.conftest import UID
from tests.operations.desk import Desk

pytestmark = pytest.mark.slow

CANCEL = "/payments/cancel"
LOOK = f"/payments/{UID}"
Q = OperationState
TYPED = {"amount": "3000", "reason": "late", "note": ""}


@dataclass
class Decision:
    """A refund that a person is about to decide in a browser, and what becomes of it."""

    person: Visitor
    path: str
    fields: dict[str, str]
    pool: ThreadPoolExecutor
    answer: Any = None

    def press(self) -> None:
        """Send the form and go on without waiting for the page."""
        self.answer = self.pool.submit(self.person.post, self.path, self.fields)

    def was_cut(self) -> bool:
        """Whether the connection broke before a page came."""
        error = self.answer.exception(20)
        return isinstance(error, httpx.TransportError)

    def again(self) -> httpx.Response:
        """The same form once more."""
        return self.person.post(self.path, self.fields)


@pytest.fixture
def decision(visit, payment):
    """An open refund form over the payment."""
    person = visit(Role.FINANCE)
    fields = person.form(f"/payments/{payment.id}/refunds/new", **TYPED)
    db.session.rollback()
    with ThreadPoolExecutor(1) as pool:
        yield Decision(person, f"/payments/{payment.id}/refunds/", fields, pool)


def state() -> OperationState | None:
    """How far the one operation has come, whoever wrote it."""
    with db.engine.connect() as connection:
        return connection.scalar(sa.select(MoneyOperation.state))


def settle(desk: Desk, *minutes: float) -> list[OperationState | None]:
    """What the worker's rounds at these minutes after now make of it."""
    states = []
    for one in minutes:
        sweep(gateway=desk.gateway, now=desk.now + timedelta(minutes=one))
        db.session.rollback()
        states.append(state())
    return states


def check_told(decision: Decision, words: str) -> None:
    """A new process shows the outcome, and the same form leads to the same page."""
    again = decision.again()
    assert again.status_code == 303, again.text
    assert words in decision.person.get(again.headers["location"]).text


def test_fault_f32_c1_killed_with_the_intent_written_and_nothing_sent(
    decision, web, proxy, desk, stand_in
):
    look = proxy.hold("GET", LOOK)
    decision.press()
    assert look.reached.wait(20)
    assert state() is Q.READY

    web.kill_workers()

    assert decision.was_cut()
    assert (state(), stand_in.sent(CANCEL)) == (Q.READY, 0)
    assert settle(desk, 0.5, 1.5) == [Q.READY, Q.SUCCEEDED]
    assert (stand_in.sent(CANCEL), len(stand_in.effects())) == (1, 1)
    check_told(decision, "3,000 KRW was refunded")
    assert len(stand_in.effects()) == 1


def test_fault_f32_c2_killed_before_a_byte_of_it_left(decision, web, proxy, desk, stand_in):
    write = proxy.hold("POST", CANCEL)
    decision.press()
    assert write.reached.wait(20)
    assert state() is Q.SENDING

    web.kill_workers()
    write.drop()

    assert decision.was_cut()
    assert settle(desk, 0.5, 2, 5, 9, 13) == [
        Q.SENDING,
        Q.UNKNOWN,
        Q.UNKNOWN,
        Q.UNKNOWN,
        Q.NOT_EXECUTED,
    ]
    assert (stand_in.sent(CANCEL), stand_in.effects()) == (0, [])
    check_told(decision, "was not made")


def test_fault_f32_c3_killed_while_the_gateway_had_it_in_hand(decision, web, proxy, desk, stand_in):
    stand_in.fail_next(CANCEL, "delay", method="POST", when="before_commit", delay_ms=1_000)
    decision.press()
    until(lambda: stand_in.sent(CANCEL), "the refund at the gateway")

    web.kill_workers()

    assert decision.was_cut()
    assert state() is Q.SENDING
    until(stand_in.effects, "the refund that the gateway makes after we have gone")
    assert settle(desk, 0.5, 2, 5) == [Q.SENDING, Q.UNKNOWN, Q.SUCCEEDED]
    assert (stand_in.sent(CANCEL), len(stand_in.effects())) == (1, 1)
    check_told(decision, "3,000 KRW was refunded")
    assert len(stand_in.effects()) == 1


def test_fault_f32_c4_killed_when_the_gateway_had_acted(decision, web, proxy, desk, stand_in):
    answer = proxy.hold_answer("POST", CANCEL)
    decision.press()
    assert answer.reached.wait(20)
    assert len(stand_in.effects()) == 1

    web.kill_workers()
    answer.drop()

    assert decision.was_cut()
    assert settle(desk, 0.5, 2, 5) == [Q.SENDING, Q.UNKNOWN, Q.SUCCEEDED]
    assert (stand_in.sent(CANCEL), len(stand_in.effects())) == (1, 1)
    check_told(decision, "3,000 KRW was refunded")


def test_fault_f32_c5_killed_with_the_answer_read_and_not_written(
    decision, web, proxy, desk, stand_in
):
    answer = proxy.hold_answer("POST", CANCEL)
    decision.press()
    assert answer.reached.wait(20)

    with nobody_else_writes():
        answer.release()
        assert answer.read.wait(20)
        web.kill_workers()

    assert decision.was_cut()
    assert settle(desk, 0.5, 2, 5) == [Q.SENDING, Q.UNKNOWN, Q.SUCCEEDED]
    assert (stand_in.sent(CANCEL), len(stand_in.effects())) == (1, 1)
    check_told(decision, "3,000 KRW was refunded")


def test_fault_f32_c6_killed_with_the_outcome_written_and_the_page_unread(
    decision, web, desk, stand_in
):
    with request_on_the_wire(decision, web):
        until(lambda: state() is Q.SUCCEEDED, "the outcome")
        web.kill_workers()

    assert settle(desk, 2, 5) == [Q.SUCCEEDED] * 2
    check_told(decision, "3,000 KRW was refunded")
    assert (stand_in.sent(CANCEL), len(stand_in.effects())) == (1, 1)


@contextmanager
def request_on_the_wire(decision: Decision, web: Web):
    """Send the form over a bare socket and never read the page."""
    body = httpx.Request("POST", web.url, data=decision.fields).read()
    cookies = "; ".join(f"{name}={value}" for name, value in decision.person.cookies.items())
    host, port = web.url.removeprefix("http://").split(":")
    head = [
        f"POST {decision.path} HTTP/1.1",
        f"Host: {host}:{port}",
        f"Cookie: {cookies}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
    ]
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        yield


def test_fault_f27_two_people_before_two_processes_are_one_refund_and_one_refusal(
    decision, visit, web, proxy, payment, stand_in
):
    other = visit(Role.FINANCE)
    fields = other.form(f"/payments/{payment.id}/refunds/new", **TYPED)
    db.session.rollback()
    held = proxy.hold("POST", CANCEL)
    with ThreadPoolExecutor(1) as pool:
        decision.press()
        second = pool.submit(other.post, decision.path, fields)
        assert held.reached.wait(20)
        until(
            lambda: decision.answer.done() or second.done(),
            "the refusal of one while the other one's refund is under way",
        )
        held.release()
        answers = sorted([decision.answer.result(20), second.result(20)], key=status_of)

    assert [status_of(one) for one in answers] == [303, 409]
    assert "already started an operation" in answers[1].text
    assert len(web.workers()) == 2
    assert (stand_in.sent(CANCEL), len(stand_in.effects())) == (1, 1)


def status_of(answer: httpx.Response) -> int:
    return answer.status_code


def test_fault_f67_the_server_is_more_patient_than_a_money_call_and_the_look_before_it():
    names: dict[str, Any] = {}
    exec((ROOT / "gunicorn.conf.py").read_text(encoding="utf-8"), names)  # noqa: S102
    longest = Deadlines().money + Deadlines().look_up
    assert names["timeout"] >= longest + 10
    assert names["graceful_timeout"] > longest


def test_fault_f67_a_process_that_its_server_aborts_leaves_an_unknown(
    decision, web, proxy, desk, stand_in
):
    answer = proxy.hold_answer("POST", CANCEL)
    decision.press()
    assert answer.reached.wait(20)

    web.kill_workers(abort=True)
    answer.drop()

    assert decision.was_cut()
    assert settle(desk, 0.5, 2, 5) == [Q.SENDING, Q.UNKNOWN, Q.SUCCEEDED]
    assert (stand_in.sent(CANCEL), len(stand_in.effects())) == (1, 1)
    check_told(decision, "3,000 KRW was refunded")


def test_fault_f68_a_process_that_is_asked_to_go_finishes_what_it_has_in_hand(
    decision, web, proxy, stand_in
):
    """What a deploy does to each process; a refund under way ends in its page."""
    write = proxy.hold("POST", CANCEL)
    decision.press()
    assert write.reached.wait(20)
    old = web.workers()

    web.begin_anew()
    until(lambda: len(set(web.workers()) - set(old)) == 2, "the new processes")
    write.release()

    assert decision.answer.result(20).status_code == 303
    assert state() is Q.SUCCEEDED
    assert (stand_in.sent(CANCEL), len(stand_in.effects())) == (1, 1)
    until(lambda: len(now := web.workers()) == 2 and not set(now) & set(old), "only new ones")
