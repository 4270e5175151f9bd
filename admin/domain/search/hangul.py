"""Korean syllables and their initial consonants: ㄱㅁㅈ for 김민준."""

from __future__ import annotations

_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_FIRST, _LAST = 0xAC00, 0xD7A3  # 가 … 힣
_PER_INITIAL = 588  # syllables that share one initial


def initials(text: str) -> str:
    """The initial consonant of each Korean syllable; everything else as it is."""
    return "".join(
        _INITIALS[(ord(one) - _FIRST) // _PER_INITIAL] if _FIRST <= ord(one) <= _LAST else one
        for one in text
    )


def is_initials(text: str) -> bool:
    """Whether a text is initial consonants and nothing else."""
    return bool(text) and all(one in _INITIALS for one in text)
