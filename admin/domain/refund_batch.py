"""Many refunds at once: what a line of the list says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from admin.domain.batch import SHOWN, check_length, place_of, read_lines
from admin.domain.card_guard import hide_card_numbers, holds_card_number
from admin.domain.errors import N_

MOST_ROWS = 1_000
ALONE_UP_TO = 10  # rows one person may send without a second one


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenRow:
    """One line as it was given: whose payment, and how much of it; None is all that is left."""

    line: int
    text: str
    number: str
    amount: int | None
    problem: str = ""  # message id of why it cannot be read


# Headings by which a column is known; without a heading the number comes first, then the amount.
_NUMBER = frozenset({"order_number", "merchant_uid", "imp_uid", "주문번호", "결제번호", "number"})
_AMOUNT = frozenset({"amount", "금액", "환불금액", "환불 금액"})
_WON = re.compile(r"\d{1,3}(?:,\d{3})+|\d+")


def read_list(text: str) -> list[GivenRow]:
    """Read lines of `number[,amount]` as CSV, TSV or pasted cells. Raises InvalidInput for a list
    that is empty, too long or no CSV at all; a line that cannot be read keeps its problem."""
    rows: list[GivenRow] = []
    places: tuple[int, int] | None = None
    for line, cells in read_lines(text):
        if places is None:
            found = _heading(cells)
            places = found or (0, 1)
            if found:
                continue
        rows.append(_row(line, cells, places))
    check_length(len(rows), most=MOST_ROWS)
    return rows


def _heading(cells: Sequence[str]) -> tuple[int, int] | None:
    number = place_of(_NUMBER, cells)
    if number is None:
        return None
    amount = place_of(_AMOUNT, cells)
    return number, len(cells) if amount is None else amount


def _row(line: int, cells: list[str], places: tuple[int, int]) -> GivenRow:
    joined = ", ".join(cells)
    number, amount = (cells[place] if place < len(cells) else "" for place in places)
    problem = ""
    if holds_card_number(joined):
        number, amount, problem = "", "", N_("A card number stands here. It was not kept.")
    elif not number:
        problem = N_("No order or payment number.")
    won = amount.removesuffix("원").strip()
    if won and not _WON.fullmatch(won):
        problem = problem or N_("The amount is not a whole number of won.")
        won = ""
    return GivenRow(
        line=line,
        text=hide_card_numbers(joined)[:SHOWN],
        number=number,
        amount=int(won.replace(",", "")) if won else None,
        problem=problem,
    )
