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

NOT_ISSUED = "카드정보 인증 및 빌키 발급에 실패하였습니다."

_REFUSED_AT_ISSUE = "0000"
_DECLINES = {"0004": "CC04", "0010": "CC10", "0054": "CC54", "0061": "CC61"}
_COMPANIES = ("366", "381", "365", "367", "368", "361", "371", "374", "041", "370")
_EXPIRY = re.compile(r"^(\d{4})-(0[1-9]|1[0-2])$")


def check_card(number: str, expiry: str, *, now: int, failure: str = NOT_ISSUED) -> str:
    """The number's digits, or the refusal of KCP, which begins with `failure`."""
    digits = card_digits(number)
    valid_until = _EXPIRY.match(expiry)
    if digits is None or digits.endswith(_REFUSED_AT_ISSUE):
        raise _refused(failure, "CC14")
    if valid_until is None:
        raise _refused(failure, "CC54")
    today = in_kst(now)
    if (int(valid_until[1]), int(valid_until[2])) < (today.year, today.month):
        raise _refused(failure, "CC54")
    return digits


def card_digits(number: str) -> str | None:
    """The digits of what can be a card number at all."""
    digits = re.sub(r"[^0-9]", "", number)
    return digits if 14 <= len(digits) <= 16 else None


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


def _refused(failure: str, code: str) -> Refusal:
    return Refusal(f"{failure} {kcp_text(code)}", code=-1)
