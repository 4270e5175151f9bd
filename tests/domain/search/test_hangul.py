"""Names are found by their initials, however a keyboard puts those together."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.domain.search.hangul import initials, is_initials

SYLLABLES = st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("김민준", "ㄱㅁㅈ"),
        ("까치 씨", "ㄲㅊ ㅆ"),
        ("Lee 민", "Lee ㅁ"),
        ("ㄳㅎ", "ㄱㅅㅎ"),
        (unicodedata.normalize("NFD", "김민준"), "ㄱㅁㅈ"),
        ("\u1100\u1106", "ㄱㅁ"),
        ("", ""),
    ],
)
def test_initials(text: str, found: str) -> None:
    assert initials(text) == found


@pytest.mark.parametrize("text", ["ㄱㅁㅈ", "ㅎ", "ㄳ", "\u1100\u1106"])
def test_initials_are_known(text: str) -> None:
    assert is_initials(text)


@pytest.mark.parametrize("text", ["", "김", "ㄱ김", "ㅏ", "ㄱ1", "a", "ㄱ ㅁ"])
def test_other_texts_are_no_initials(text: str) -> None:
    assert not is_initials(text)


@given(SYLLABLES)
def test_every_name_has_one_initial_a_syllable(name: str) -> None:
    assert len(initials(name)) == len(name)
    assert is_initials(initials(name))
    assert not is_initials(name)
