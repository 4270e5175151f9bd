"""Questions to the gateway asked ahead of their turn, and folded in the order of their places.

Only the asking is done on other threads; whatever touches the database stays on the caller's. A
place in the order of looks is taken before its question is asked, and the answers are folded in
that order, however they arrive.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from admin.gateway.wire.payments import PaymentPage
from admin.mirror import service as mirror


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One page to be read: how it is asked, and what becomes of the answer and its place."""

    ask: Callable[[], PaymentPage]
    fold: Callable[[PaymentPage, int], None]


@dataclass(frozen=True, slots=True)
class _Later:
    """An answer that is asked for when it is wanted, on the thread that wants it."""

    ask: Callable[[], PaymentPage]

    def result(self) -> PaymentPage:
        return self.ask()


def ask_ahead(following: Callable[[], Question | None], *, in_flight: int, now: datetime) -> None:
    """Ask what `following` hands out, at most `in_flight` at once, until it has nothing more.

    It is called again after each answer was folded, since an answer may lead to more questions;
    None: nothing before the next answer. The first failure ends it. With 1, everything happens
    on the caller's thread, each answer before the next question. No thread is left behind.
    """
    if in_flight == 1:
        _ask(following, _Later, most=1, now=now)
        return
    pool = ThreadPoolExecutor(in_flight, thread_name_prefix="walk")
    try:
        _ask(following, pool.submit, most=in_flight, now=now)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _ask(
    following: Callable[[], Question | None],
    start: Callable[[Callable[[], PaymentPage]], _Later | Future[PaymentPage]],
    *,
    most: int,
    now: datetime,
) -> None:
    asked: deque[tuple[Question, int, _Later | Future[PaymentPage]]] = deque()
    while True:
        questions: list[Question] = []
        while len(asked) + len(questions) < most and (question := following()) is not None:
            questions.append(question)
        places = mirror.next_fetch_seqs(len(questions), now=now)
        asked.extend(
            (question, place, start(question.ask))
            for question, place in zip(questions, places, strict=True)
        )
        if not asked:
            return
        question, place, answer = asked.popleft()
        question.fold(answer.result(), place)
