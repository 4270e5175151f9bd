"""Pieces of text: whatever stands in a text is found by its pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.domain.search.grams import Needed, folded, grams, needed

TEXTS = st.text(st.sampled_from("aB3 9-_.@홍삼정김ㄱㅁé漢0"), min_size=1, max_size=30)


@given(TEXTS, st.data())
def test_every_part_of_a_text_is_found_by_its_pieces(text, data):
    start = data.draw(st.integers(0, len(text)))
    part = text[start : data.draw(st.integers(start, len(text)))]
    held = grams(folded(text))
    wanted = needed(folded(part))

    assert set(wanted.pieces) <= held
    assert all(any(piece.startswith(one) for piece in held) for one in wanted.beginnings)


@given(st.text())
def test_no_text_is_too_strange(text):
    pieces = needed(folded(text))
    assert set(pieces.pieces) <= grams(folded(text))
    assert all(piece.isalnum() for piece in (*pieces.pieces, *pieces.beginnings))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("홍삼정", Needed(("삼정", "홍삼"))),
        ("김", Needed(("김",))),
        ("4821", Needed(("4821",))),
        ("48", Needed((), ("48",))),
        ("cup", Needed(("cup",))),
        ("s9", Needed()),
        ("100%", Needed((), ("100",))),
        ("%", Needed()),
    ],
)
def test_what_is_looked_for_is_cut_as_what_is_stored(text, expected):
    assert needed(text) == expected
