"""What a window offers: cards, instalments, banks, within what the shop's options allow."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.clock import KST
from sandbox.facts.codes import CARDS
from sandbox.facts.kcp import INSTALMENTS_FROM, LONGEST_INSTALMENT
from sandbox.incoming import Body
from sandbox.window.refusal import NotOpened, by_kcp

VBANK_DAYS = 3
EVERY_CARD = "*"
# The companies with the most cards first, then as listed.
_FOREMOST = ("366", "381", "365", "367", "368", "374", "041", "361", "371", "090", "089", "370")
_IN_ORDER = tuple(dict.fromkeys((*_FOREMOST, *CARDS)))
# A quota this much higher asks for the company's points to be used, too.
_POINTS = {"367": 80} | dict.fromkeys(
    ("381", "361", "365", "374", "368", "366", "371", "041", "370"), 60
)
# What a `vbank_due` without a time, or without seconds, is filled up with, by its length.
_TIME_LEFT_OUT = {8: "235959", 12: "59", 14: ""}


@dataclass(frozen=True, slots=True)
class Direct:
    """The one card company a window goes to straight away; months, 0 for a lump sum."""

    code: str
    quota: int
    uses_points: bool


def offered_cards(params: Body) -> tuple[str, ...]:
    """Codes of the card companies to choose from, in the order of the window.

    `card.detail` switches companies off and on, `*` all of them.
    """
    entries = _options(params, "card").get("detail")
    if entries is None:
        return _IN_ORDER
    switches = _switches(entries)
    usual = switches.pop(EVERY_CARD, True)
    cards = tuple(code for code in _IN_ORDER if switches.get(code, usual))
    if not cards:
        raise by_kcp("9016")
    return cards


def _switches(entries: object) -> dict[str, bool]:
    if not isinstance(entries, list):
        raise NotOpened("card.detail 파라메터는 배열이어야 합니다.")
    switches = {}
    for entry in entries:
        code = entry.get("card_code") if isinstance(entry, dict) else None
        if not isinstance(code, str) or not isinstance(entry.get("enabled"), bool):
            raise NotOpened(
                "card.detail 파라메터는 card_code(문자열)와 enabled(불리언)로 이루어져야 합니다."
            )
        if code != EVERY_CARD and code not in CARDS:
            raise by_kcp("8112")
        switches[code] = entry["enabled"]
    return switches


def direct_card(params: Body, amount: int) -> Direct | None:
    """The company of `card.direct`, if there is one and it may be gone to."""
    given = _options(params, "card").get("direct")
    if given is None:
        return None
    code = given.get("code") if isinstance(given, dict) else None
    if code not in CARDS:
        raise by_kcp("8112")
    if code not in offered_cards(params):
        raise by_kcp("8126")
    quota = given.get("quota", 0)
    if not _is_whole(quota):
        raise by_kcp("CC16")
    extra = _POINTS.get(code)
    uses_points = extra is not None and extra <= quota <= extra + LONGEST_INSTALMENT
    months = quota - (extra or 0) if uses_points else quota
    check_quota(months, params, amount)
    return Direct(code, months, uses_points)


def check_quota(months: int, params: Body, amount: int) -> None:
    """Refuse months that the window does not offer."""
    if months == 0:
        return
    if months < 2:
        raise by_kcp("CC16")
    if amount < INSTALMENTS_FROM:
        raise by_kcp("CC34")
    if months > longest_quota(params):
        raise by_kcp("8125")


def offered_quotas(params: Body, amount: int) -> tuple[int, ...]:
    """Months to choose from; 0, a lump sum, is always there and alone below 50,000 won."""
    longest = longest_quota(params) if amount >= INSTALMENTS_FROM else 0
    return (0, *range(2, longest + 1))


def longest_quota(params: Body) -> int:
    """KCP reads the longest of `display.card_quota` as a limit and offers all up to it; an
    empty list leaves the lump sum."""
    given = _options(params, "display").get("card_quota")
    if given is None:
        return LONGEST_INSTALMENT
    if not isinstance(given, list) or not all(_is_whole(months) for months in given):
        raise NotOpened("display.card_quota 파라메터는 정수의 배열이어야 합니다.")
    return min(max(given, default=0), LONGEST_INSTALMENT)


def vbank_deadline(due: str | None, *, now: int) -> int:
    """The Unix second of `vbank_due`: a day, to its last second, or a day with minutes or
    seconds, Korean time. ValueError for anything else."""
    if due is None:
        return now + VBANK_DAYS * 86_400
    if len(due) not in _TIME_LEFT_OUT or not due.isdecimal():
        raise ValueError(due)
    written = due + _TIME_LEFT_OUT[len(due)]
    return int(datetime.strptime(written, "%Y%m%d%H%M%S").replace(tzinfo=KST).timestamp())


def _options(params: Body, name: str) -> Body:
    given = params.get(name)
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise NotOpened(f"{name} 파라메터의 형식이 올바르지 않습니다.")
    return given


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
