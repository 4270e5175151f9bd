"""Refunds by the list: rehearsed, agreed to, worked off, stopped, and found again after a crash."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
import sqlalchemy as sa

from admin.domain.actor import Actor
from admin.domain.approval import AlreadyDecided, OwnRequest, SecondWord
from admin.domain.batch import BatchState, NothingToSend, RowState
from admin.domain.escrow import Decision
from admin.domain.operation import OperationState
from admin.domain.permissions import Role
from admin.domain.refund_batch import read_list
from admin.gateway.client import Gateway
from admin.gateway.errors import GatewayError
from admin.models import (
    Job,
    MoneyOperation,
    Operator,
    RefundBatch,
    RefundBatchRow,
    db,
    transaction,
)
from admin.payments.service import sync_payment
from admin.refund_batches.service import (
    LISTS,
    RUN,
    BatchCommand,
    approve,
    decline,
    expire_overdue,
    go_on,
    rehearse,
    start,
    stop,
    work,
)
from tests.conftest import add_operator
from tests.operations.conftest import connect, desk
from tests.operations.desk import Desk, Killed, Network, killed_after
from tests.people import Person
from tests.stand_in import StandIn

__all__ = ["connect", "desk"]

CANCEL = "/payments/cancel"


class Lists:
    """Somebody who gives lists of refunds."""

    def __init__(self, stand_in: StandIn, gateway: Gateway, actor: Actor, now) -> None:
        self.stand_in, self.gateway, self.actor, self.now = stand_in, gateway, actor, now

    def know(self, count: int, **fields: object) -> list[str]:
        uids = [f"imp_30000000{number:04d}" for number in range(count)]
        for uid in uids:
            self.stand_in.paid(uid, **fields)
            sync_payment(uid, source="tests", gateway=self.gateway, now=self.now)
        return uids

    def give(self, text: str, form_key: str = "list-1") -> RefundBatch:
        command = BatchCommand(
            name="", rows=read_list(text), reason="defective", note="", form_key=form_key
        )
        return rehearse(command, actor=self.actor, now=self.now)

    def run(self, batch: RefundBatch, gateway: Gateway | None = None) -> RefundBatch:
        while work(batch.id, gateway=gateway or self.gateway, now=self.now):
            pass
        return LISTS.get(batch.id)


@pytest.fixture
def lists(stand_in: StandIn, gateway: Gateway, actor: Actor, now) -> Lists:
    return Lists(stand_in, gateway, actor, now)


@pytest.fixture
def manager(app: object) -> Actor:
    operator = add_operator(Role.MANAGER)
    return Actor(name=operator.name, operator_id=operator.id, role=Role.MANAGER)


def states(batch: RefundBatch) -> list[RowState]:
    return [row.state for row in LISTS.get(batch.id).rows]


def test_a_rehearsal_judges_every_line_and_sends_nothing(lists: Lists) -> None:
    first, second = lists.know(2)
    batch = lists.give(f"{first},3000\n{second}\nORD-unknown,1\n{first},1\n{second},99999\nX,abc")
    assert [row.amount_minor for row in batch.rows[:2]] == [3_000, 10_000]
    blocked = RowState.BLOCKED
    assert states(batch) == [RowState.WAITING, RowState.WAITING, *[blocked] * 4]
    assert all(row.problem for row in batch.rows[2:])
    assert lists.stand_in.requests(CANCEL) == []


def test_a_short_list_is_sent_line_by_line(lists: Lists) -> None:
    first, second = lists.know(2)
    batch = lists.give(f"{first},3000\n{second}")
    start(batch.id, actor=lists.actor, now=lists.now)
    done = lists.run(batch)
    assert done.state is BatchState.DONE
    assert [lists.stand_in.payment(uid)["cancel_amount"] for uid in (first, second)] == [
        3_000,
        10_000,
    ]
    operations = db.session.scalars(sa.select(MoneyOperation)).all()
    assert {one.id for one in operations} == {row.operation_id for row in done.rows}


def test_a_long_list_takes_a_second_person_who_agrees_to_exactly_these_lines(
    lists: Lists, manager: Actor
) -> None:
    batch = lists.give("\n".join(lists.know(11)))
    start(batch.id, actor=lists.actor, now=lists.now)
    assert LISTS.get(batch.id).state is BatchState.NEEDS_APPROVAL
    assert work(batch.id, gateway=lists.gateway, now=lists.now) == 0
    assert lists.stand_in.requests(CANCEL) == []
    approve(batch.id, actor=manager, now=lists.now)
    assert lists.run(batch).state is BatchState.DONE
    assert len(lists.stand_in.effects()) == 11


def test_lines_changed_after_the_request_void_it(lists: Lists, manager: Actor) -> None:
    batch = lists.give("\n".join(f"{uid},100" for uid in lists.know(11)))
    start(batch.id, actor=lists.actor, now=lists.now)
    with transaction():
        db.session.execute(sa.update(RefundBatchRow).values(amount_minor=10_000))
    db.session.expire_all()
    ended = approve(batch.id, actor=manager, now=lists.now)
    assert (ended.state, ended.word) == (BatchState.DROPPED, SecondWord.VOID)


def test_the_giver_does_not_approve_and_an_approval_comes_in_time_or_never(
    lists: Lists, manager: Actor
) -> None:
    lists.actor = manager
    batch = lists.give("\n".join(lists.know(11)))
    start(batch.id, actor=manager, now=lists.now)
    with pytest.raises(OwnRequest):
        approve(batch.id, actor=manager, now=lists.now)
    operator = add_operator(Role.ADMIN)
    other = Actor(name=operator.name, operator_id=operator.id, role=Role.ADMIN)
    late = lists.now + timedelta(minutes=30)
    assert approve(batch.id, actor=other, now=late).word is SecondWord.EXPIRED


def test_a_list_of_blocked_lines_cannot_be_sent_and_a_dropped_one_stays_dropped(
    lists: Lists,
) -> None:
    batch = lists.give("ORD-unknown")
    with pytest.raises(NothingToSend):
        start(batch.id, actor=lists.actor, now=lists.now)
    decline(batch.id, actor=lists.actor, now=lists.now)
    with pytest.raises(AlreadyDecided):
        start(batch.id, actor=lists.actor, now=lists.now)


def test_the_same_form_sent_twice_is_one_list(lists: Lists) -> None:
    (uid,) = lists.know(1)
    assert lists.give(uid).id == lists.give(uid).id


def test_a_line_that_changed_since_the_rehearsal_is_refused_and_the_rest_goes(
    lists: Lists, now
) -> None:
    first, second = lists.know(2)
    batch = lists.give(f"{first}\n{second}")
    lists.stand_in.console_cancel(first, 500)
    sync_payment(first, source="tests", gateway=lists.gateway, now=now)
    start(batch.id, actor=lists.actor, now=lists.now)
    done = lists.run(batch)
    assert [row.state for row in done.rows] == [RowState.REFUSED, RowState.STARTED]
    assert lists.stand_in.payment(first)["cancel_amount"] == 500


def test_a_worker_killed_in_the_middle_loses_nothing_and_sends_nothing_twice(
    lists: Lists, connect
) -> None:
    uids = lists.know(3)
    batch = lists.give("\n".join(uids))
    start(batch.id, actor=lists.actor, now=lists.now)
    with pytest.raises(Killed):
        work(
            batch.id,
            gateway=connect(network=Network("POST", CANCEL, killed_after)),
            now=lists.now,
        )
    db.session.rollback()
    db.session.expire_all()
    done = lists.run(batch)
    assert done.state is BatchState.DONE
    assert len(lists.stand_in.effects()) == 3
    assert [lists.stand_in.payment(uid)["cancel_amount"] for uid in uids] == [10_000] * 3


def test_a_stopped_list_goes_on_from_where_it_stood(lists: Lists) -> None:
    batch = lists.give("\n".join(lists.know(2)))
    start(batch.id, actor=lists.actor, now=lists.now)
    stop(batch.id, actor=lists.actor, now=lists.now)
    assert work(batch.id, gateway=lists.gateway, now=lists.now) == 0
    assert lists.stand_in.requests(CANCEL) == []
    go_on(batch.id, actor=lists.actor, now=lists.now + timedelta(seconds=1))
    assert lists.run(batch).state is BatchState.DONE


def test_a_gateway_that_falls_silent_stops_the_list(lists: Lists) -> None:
    uids = lists.know(2)
    batch = lists.give("\n".join(uids))
    start(batch.id, actor=lists.actor, now=lists.now)
    lists.stand_in.fail_next(f"/payments/{uids[0]}", "status", status=503, times=15)
    for _ in range(5):
        with pytest.raises(GatewayError):
            lists.gateway.get_payment(uids[0])
    assert lists.gateway.is_paused
    assert work(batch.id, gateway=lists.gateway, now=lists.now) == 0
    assert LISTS.get(batch.id).state is BatchState.STOPPED
    assert states(batch) == [RowState.WAITING, RowState.WAITING]


def test_somebody_whose_right_was_taken_sends_no_further_line(lists: Lists) -> None:
    batch = lists.give("\n".join(lists.know(1)))
    start(batch.id, actor=lists.actor, now=lists.now)
    with transaction():
        db.session.execute(sa.update(Operator).values(active=False))
    db.session.expire_all()
    assert [row.state for row in lists.run(batch).rows] == [RowState.REFUSED]
    assert lists.stand_in.requests(CANCEL) == []


def test_starting_asks_for_a_job(lists: Lists) -> None:
    batch = lists.give("\n".join(lists.know(1)))
    start(batch.id, actor=lists.actor, now=lists.now)
    job = db.session.scalars(sa.select(Job).where(Job.name == RUN)).one()
    assert job.payload == {"batch_id": batch.id}


def test_a_person_gives_a_list_sees_it_judged_and_sends_it(finance: Person, lists: Lists) -> None:
    (uid,) = lists.know(1)
    hidden = finance.hidden_fields(f"/refunds/batches/new?payment={uid}")
    form = {**hidden, "lines": f"{uid},3000\nORD-unknown,5", "reason": "late", "note": ""}
    page = finance.post("/refunds/batches/", form, follow_redirects=True)
    assert "3,000" in page.text
    assert "이 번호의 결제가 없어요." in page.text
    batch = db.session.scalars(sa.select(RefundBatch)).one()
    finance.post(f"/refunds/batches/{batch.id}/start/", {}, follow_redirects=True)
    lists.run(batch)
    result = finance.get(f"/refunds/batches/{batch.id}/result.csv").text
    assert [line.split(",")[0] for line in result.splitlines()[1:]] == ["1", "2"]
    assert OperationState.SUCCEEDED in {
        one.state for one in db.session.scalars(sa.select(MoneyOperation))
    }


def test_a_list_that_nobody_answers_ends_by_itself(lists: Lists, manager: Actor) -> None:
    batch = lists.give("\n".join(lists.know(11)))
    start(batch.id, actor=lists.actor, now=lists.now)
    assert expire_overdue(now=lists.now + timedelta(minutes=29)) == 0
    assert expire_overdue(now=lists.now + timedelta(minutes=31)) == 1
    assert (LISTS.get(batch.id).state, LISTS.get(batch.id).word) == (
        BatchState.DROPPED,
        SecondWord.EXPIRED,
    )


def test_a_manager_sees_that_a_list_waits(sign_in: Callable[[Role], Person], lists: Lists) -> None:
    batch = lists.give("\n".join(lists.know(11)))
    manager = sign_in(Role.MANAGER)
    assert "승인할 일괄 환불" not in manager.get("/").text
    start(batch.id, actor=lists.actor, now=lists.now)
    assert "승인할 일괄 환불" in manager.get("/").text
    answer = manager.post(f"/refunds/batches/{batch.id}/approval/", {}, follow_redirects=True)
    assert "보내는 중" in answer.text


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"ORD-1,100\n" * 30_000, "파일이 256KB보다 커요."),
        (b"\xff\xfe\x00\x81", "글 파일이 아니에요."),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_keeps_the_rest(
    finance: Person, app: object, content: bytes, sentence: str
) -> None:
    hidden = finance.hidden_fields("/refunds/batches/new")
    form = {**hidden, "reason": "late", "note": "행사 취소", "file": (BytesIO(content), "list.csv")}
    page = finance.post("/refunds/batches/", form)
    assert page.status_code == 422
    assert sentence in page.text
    assert 'value="행사 취소"' in page.text
    assert db.session.scalars(sa.select(RefundBatch)).all() == []


def test_a_file_as_a_korean_spreadsheet_saves_it_is_read(finance: Person, lists: Lists) -> None:
    (uid,) = lists.know(1)
    content = f'결제번호,금액\r\n{uid},"3,000"\r\n'.encode("cp949")
    hidden = finance.hidden_fields("/refunds/batches/new")
    form = {**hidden, "reason": "late", "note": "", "file": (BytesIO(content), "목록.csv")}
    finance.post("/refunds/batches/", form)
    (batch,) = db.session.scalars(sa.select(RefundBatch))
    assert [(row.amount_minor, row.state) for row in batch.rows] == [(3_000, RowState.WAITING)]


def test_a_part_of_an_escrow_order_stands_in_a_list_once_its_buyer_confirmed(
    lists: Lists, desk: Desk
) -> None:
    confirmed, denied, undecided = lists.know(3, escrow=True)
    for uid, decision in ((confirmed, Decision.CONFIRMED), (denied, Decision.DENIED)):
        payment = desk.know(uid)
        desk.deliver(payment, invoice=uid[-10:])
        desk.decide(payment, decision)
        lists.stand_in.control("buyer/escrow", {"imp_uid": uid, "decision": decision.value})

    batch = lists.give("\n".join(f"{uid},1000" for uid in (confirmed, denied, undecided)))
    problems = [row.problem for row in batch.rows]

    assert [bool(one) for one in problems] == [False, True, True]
    assert "must be given back in full" in problems[1]
    start(batch.id, actor=lists.actor, now=lists.now)
    assert lists.run(batch).rows[0].state is RowState.STARTED
