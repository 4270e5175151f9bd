"""Korean initials: a name as people type it in a hurry, `ㄱㅁㅈ` for 김민준."""

from __future__ import annotations

import unicodedata

INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_FIRST_SYLLABLE, _LAST_SYLLABLE, _A_INITIAL = 0xAC00, 0xD7A3, 588  # syllables of one initial
_FIRST_CONJOINING = 0x1100
# Keyboards put two initials that make a final together into one sign.
_PAIRS = str.maketrans(
    dict(
        zip(
            "ㄳㄵㄶㄺㄻㄼㄽㄾㄿㅀㅄ",
            "ㄱㅅ ㄴㅈ ㄴㅎ ㄹㄱ ㄹㅁ ㄹㅂ ㄹㅅ ㄹㅌ ㄹㅍ ㄹㅎ ㅂㅅ".split(),
            strict=True,
        )
    )
)


def initials(text: str) -> str:
    """`text` with the initial of every syllable in its place: 김민준 is ㄱㅁㅈ."""
    return unicodedata.normalize("NFC", text).translate(_SPELLED)


def is_initials(text: str) -> bool:
    """Whether `text` is nothing but initials."""
    spelled = initials(text)
    return bool(spelled) and all(letter in INITIALS for letter in spelled) and not _whole(text)


def _whole(text: str) -> bool:
    """Whether a syllable stands in `text`."""
    composed = unicodedata.normalize("NFC", text)
    return any(_FIRST_SYLLABLE <= ord(letter) <= _LAST_SYLLABLE for letter in composed)


class _Initials(dict[int, str]):
    """What stands for each sign, found out when it first comes."""

    def __missing__(self, code: int) -> str:
        spelled = self[code] = _initial(code)
        return spelled


_SPELLED = _Initials()


def _initial(code: int) -> str:
    if _FIRST_SYLLABLE <= code <= _LAST_SYLLABLE:
        return INITIALS[(code - _FIRST_SYLLABLE) // _A_INITIAL]
    if 0 <= code - _FIRST_CONJOINING < len(INITIALS):
        return INITIALS[code - _FIRST_CONJOINING]
    return chr(code).translate(_PAIRS)
