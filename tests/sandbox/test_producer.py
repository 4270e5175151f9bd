"""A demo shop made by a second process is the one made here, and half a shop is none."""

from datetime import datetime

import pytest

from sandbox.clock import KST
from sandbox.seed.producer import NotMade, Plan, make, receive

pytestmark = pytest.mark.slow

PLAN = Plan(
    payments=700,
    random_seed=11,
    now=datetime(2026, 3, 2, 15, tzinfo=KST),
    partial_reading="paid",
)


def test_both_ways_make_the_same_shop() -> None:
    here, beside = list(make(PLAN)), list(receive(PLAN))
    assert here == beside
    assert sum(len(trade.payments) for trade in here) == PLAN.payments


def test_books_are_written_by_either(tmp_path) -> None:
    folders = tmp_path / "here", tmp_path / "beside"
    for way, folder in zip((make, receive), folders, strict=True):
        list(
            way(
                Plan(
                    payments=700, random_seed=11, now=PLAN.now, partial_reading="paid", books=folder
                )
            )
        )
    here, beside = ({one.name: one.read_bytes() for one in each.iterdir()} for each in folders)
    assert here == beside
    assert here


def test_a_process_that_ends_too_early_is_an_error(tmp_path) -> None:
    in_the_way = tmp_path / "books"
    in_the_way.write_text("a file, not a folder")
    with pytest.raises(NotMade):
        list(
            receive(
                Plan(
                    payments=700,
                    random_seed=11,
                    now=PLAN.now,
                    partial_reading="paid",
                    books=in_the_way,
                )
            )
        )
