"""What the sandbox makes of a card number: its company, its mask, and how it behaves.

Any number of 14 to 16 digits is taken. The last four decide the rest: 0000 is refused when a
key is issued; 0010, 0054, 0061 and 0004 give keys whose charges are declined with CC10, CC54,
CC61 and CC04.
"""

import re

from sandbox.clock import in_kst
from sandbox.envelope import Refusal
from sandbox.facts.codes import CARDS
from sandbox.facts.kcp import kcp_text

_REFUSED_AT_ISSUE = "0000"
_DECLINES = {"0004": "CC04", "0010": "CC10", "0054": "CC54", "0061": "CC61"}
_COMPANIES = ("366", "381", "365", "367", "368", "361", "371", "374", "041", "370")
_EXPIRY = re.compile(r"^(\d{4})-(0[1-9]|1[0-2])$")


def check_card(number: str, expiry: str, *, now: int) -> str:
    """The number's digits, or the refusal KCP gives on issuing a key."""
    digits = re.sub(r"\D", "", number)
    valid_until = _EXPIRY.match(expiry)
    if not 14 <= len(digits) <= 16 or digits.endswith(_REFUSED_AT_ISSUE):
        raise _not_issued("CC14")
    if valid_until is None:
        raise _not_issued("CC54")
    today = in_kst(now)
    if (int(valid_until[1]), int(valid_until[2])) < (today.year, today.month):
        raise _not_issued("CC54")
    return digits


def card_fields(digits: str) -> dict[str, str | int | None]:
    """The columns of a billing key that come from its card."""
    code = _COMPANIES[int(digits[:6]) % len(_COMPANIES)]
    return {
        "card_code": code,
        "card_name": CARDS[code],
        "card_number": f"{digits[:6]}{'*' * (len(digits) - 10)}{digits[-4:]}",
        "card_type": 0,
        "decline": _DECLINES.get(digits[-4:]),
    }


def _not_issued(code: str) -> Refusal:
    return Refusal(f"카드정보 인증 및 빌키 발급에 실패하였습니다. {kcp_text(code)}", code=-1)
