"""Questions to the gateway asked ahead of their turn, and folded in the order of their places.

Only the asking is done on other threads; whatever touches the database stays on the caller's. A
place in the order of looks is taken before its question is asked, and the answers are folded in
that order, however they arrive. A commit costs more than a small page, so what has come in by then
is folded together, with the places of the questions that follow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from admin.gateway.wire.payments import PaymentPage
from admin.mirror import service as mirror
from admin.models import db, transaction

# Payments folded in one transaction, if they come in more than one answer: on SQLite whoever opens
# a page meanwhile waits for its end, since what was looked at is written down.
TOGETHER = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One page to be read: how it is asked, and what becomes of the answer and its place.

    `fold` runs inside a transaction; `told` once the question is sure to be asked.
    """

    ask: Callable[[], PaymentPage]
    fold: Callable[[PaymentPage, int], None]
    told: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class _Later:
    """An answer that is asked for when it is wanted, on the thread that wants it."""

    ask: Callable[[], PaymentPage]

    def result(self) -> PaymentPage:
        return self.ask()

    def done(self) -> bool:
        return False

    def exception(self) -> None:
        return None


_Answer = _Later | Future[PaymentPage]
_Asked = deque[tuple[Question, int, _Answer]]


def ask_ahead(following: Callable[[], Question | None], *, in_flight: int) -> None:
    """Ask what `following` hands out, at most `in_flight` at once, until it has nothing more.

    It is called again after answers were folded, in the same transaction, since an answer may lead
    to more questions; None: nothing before the next answer. The first failure ends it. With 1,
    everything happens on the caller's thread, each answer before the next question. No thread is
    left behind.
    """
    if in_flight == 1:
        _ask(following, _Later, most=1)
        return
    pool = ThreadPoolExecutor(in_flight, thread_name_prefix="walk")
    try:
        _ask(following, pool.submit, most=in_flight)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _ask(
    following: Callable[[], Question | None],
    start: Callable[[Callable[[], PaymentPage]], _Answer],
    *,
    most: int,
) -> None:
    asked: _Asked = deque()
    answers: list[tuple[Question, int, PaymentPage]] = []
    while True:
        with transaction():
            for question, place, answer in answers:
                question.fold(answer, place)
            questions: list[Question] = []
            while len(asked) + len(questions) < most and (following_one := following()):
                questions.append(following_one)
            places = mirror.take_fetch_seqs(len(questions))
        db.session.expunge_all()
        for question, place in zip(questions, places, strict=True):
            question.told()
            asked.append((question, place, start(question.ask)))
        if not asked:
            return
        answers = _take_answers(asked)


def _take_answers(asked: _Asked) -> list[tuple[Question, int, PaymentPage]]:
    """Wait for the first, and take those behind it that are there already, a few at most."""
    question, place, awaited = asked.popleft()
    answers = [(question, place, awaited.result())]
    rows = len(answers[0][2])
    while asked and asked[0][2].done() and asked[0][2].exception() is None:
        rows += len(asked[0][2].result())
        if rows > TOGETHER:
            break
        question, place, awaited = asked.popleft()
        answers.append((question, place, awaited.result()))
    return answers
