"""Lists of refunds as people give them: pasted, from a spreadsheet, with slips."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.domain.errors import InvalidInput
from admin.domain.refund_batch import MOST_ROWS, read_list


def read(text: str) -> list[tuple[str, int | None]]:
    return [(row.number, row.amount) for row in read_list(text)]


@pytest.mark.parametrize(
    "text",
    [
        "ORD-1,3000\nORD-2",
        "order_number,amount\nORD-1,3000\nORD-2,\n",
        "\ufeff주문번호,금액\r\nORD-1,3000\r\n\r\nORD-2,\r\n",
        "금액,메모,주문번호\n3000,a,ORD-1\n,b,ORD-2",
        'ORD-1,"3,000원"\nORD-2,',
        "ORD-1\t3,000\nORD-2\t",
        "ORD-1;3000\nORD-2;",
    ],
)
def test_the_ways_people_write_the_same_list(text: str) -> None:
    assert read(text) == [("ORD-1", 3000), ("ORD-2", None)]


@pytest.mark.parametrize("amount", ["3.000", "-1", "삼천", "1e3", "3,00", "0x10"])
def test_an_amount_that_is_no_whole_number_blocks_its_line_alone(amount: str) -> None:
    bad, good = read_list(f'ORD-1,"{amount}"\nORD-2,5')
    assert bad.problem
    assert bad.amount is None
    assert (good.problem, good.amount) == ("", 5)


def test_a_card_number_is_neither_read_nor_kept() -> None:
    (row,) = read_list("4111-1111-1111-1111,3000")
    assert row.problem
    assert row.number == ""
    assert "1111" not in row.text.replace("*", "")[:-4]


def test_lines_are_counted_as_the_file_counts_them() -> None:
    assert [row.line for row in read_list("order_number\nA\n\nB")] == [2, 4]


@pytest.mark.parametrize("text", ["", " \n\n", "order_number,amount", 'ORD-1,"3000'])
def test_what_holds_no_list_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_list(text)


def test_a_list_that_is_too_long_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        read_list("ORD-1\n" * (MOST_ROWS + 1))
    assert caught.value.values["count"] == MOST_ROWS + 1


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        rows = read_list(text)
    except InvalidInput:
        return
    assert all(row.problem or row.number for row in rows)
    assert all(row.amount is None or row.amount >= 0 for row in rows)
