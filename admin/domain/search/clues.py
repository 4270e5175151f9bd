"""Paste to find: what a pasted message, mail or bank line says about one payment.

Card numbers are struck out before anything is read. Nothing here keeps the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import Enum

from admin.domain.card_guard import mask_card_numbers
from admin.domain.clock import KST
from admin.domain.search.days import read_days
from admin.domain.search.numbers import read_number

LONGEST_PASTE = 10_000  # characters that are read
MOST_CLUES = 100
_LONGEST_BANK_LINE = 60
_NEAR = 5 * 60  # seconds between the time a message tells and the one we keep


class ClueKind(Enum):
    """What was recognised. The most telling first."""

    PAYMENT = "payment"  # imp_uid: str
    ORDER = "order"  # merchant_uid: str
    APPROVAL = "approval"  # apply_num: str
    EMAIL = "email"  # str, lower case
    PHONE = "phone"  # str of digits
    ACCOUNT = "account"  # str of digits: a virtual account
    CARD_END = "card_end"  # str of four digits
    AMOUNT = "amount"  # int, won
    DAY = "day"  # date, Korean
    MOMENT = "moment"  # time of day, Korean
    NAME = "name"  # str; an asterisk stands for a letter that was struck out


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """One thing the text says, where it says it (`text[start:end]`) and how telling it is."""

    kind: ClueKind
    value: str | int | date | time
    start: int
    end: int
    weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of one payment that a clue can meet. Amounts in won, moments aware."""

    imp_uid: str = ""
    merchant_uid: str = ""
    approval: str = ""
    names: tuple[str, ...] = ()  # of the buyer, of the account's holder
    email: str = ""
    phone: str = ""
    account: str = ""
    card_number: str = ""  # masked by the gateway
    amounts: tuple[int, ...] = ()  # paid, cancelled, each cancellation
    moments: tuple[datetime, ...] = ()  # requested, approved, cancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """How well a payment meets the clues, and which of them it meets."""

    facts: Facts
    score: int
    met: tuple[Clue, ...]


def find_clues(text: str, *, today: date) -> list[Clue]:
    """What `text` says, in the order it says it. Never raises; the same thing is told once.

    `today`: the Korean day from which days without a year, and `어제`, are seen.
    """
    plain = mask_card_numbers("".join(map(_flat, text[:LONGEST_PASTE])))
    taken: list[Clue] = []
    for recognise in _RECOGNISERS:
        for clue in recognise(plain, today):
            if all(clue.end <= other.start or other.end <= clue.start for other in taken):
                taken.append(clue)
            if len(taken) == MOST_CLUES:
                break
    told: dict[tuple[ClueKind, object], Clue] = {}
    for clue in sorted(taken, key=lambda clue: clue.start):
        told.setdefault((clue.kind, clue.value), clue)
    return list(told.values())


def score(clues: Iterable[Clue], facts: Facts) -> Match:
    """How well `facts` meet the clues: their weights, for each kind once."""
    met: dict[ClueKind, Clue] = {}
    for clue in clues:
        best = met.get(clue.kind)
        if (best is None or best.weight < clue.weight) and _meets(clue, facts):
            met[clue.kind] = clue
    return Match(
        facts=facts,
        score=sum(clue.weight for clue in met.values()),
        met=tuple(sorted(met.values(), key=lambda clue: clue.start)),
    )


def rank(clues: Iterable[Clue], candidates: Iterable[Facts]) -> list[Match]:
    """The candidates that meet any clue, the best first; equal ones stay in their order."""
    told = list(clues)
    matches = [score(told, facts) for facts in candidates]
    return sorted((match for match in matches if match.met), key=lambda match: -match.score)


def _flat(letter: str) -> str:
    """The plain form of a wide letter or figure, where it takes one place as well."""
    plain = unicodedata.normalize("NFKC", letter)
    return plain if len(plain) == 1 else letter


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter in "0123456789")


# --- what is recognised, in the order it is taken -----------------------------------------------

_PAYMENT = re.compile(r"(?<![A-Za-z0-9_])imps?_[0-9]{6,20}(?![0-9])")
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9._%+\-]{1,64}@(?:[A-Za-z0-9\-]{1,63}\.){1,5}[A-Za-z]{2,24}"
)
_ORDER_SAID = re.compile(
    r"(?:주문\s?(?:번호)?|order(?:\s?(?:no|number|id))?)\s{0,3}[.:：#]{0,2}\s{0,3}"
    r"([A-Za-z0-9][A-Za-z0-9_\-]{3,79})",
    re.IGNORECASE,
)
_ORDER = re.compile(r"(?<![A-Za-z0-9_\-/.])[A-Za-z][A-Za-z0-9_\-]{5,79}(?![A-Za-z0-9_\-]|\.[a-z])")
_PHONE = re.compile(
    r"(?<![0-9\-])(?:\+?82[\-. ]?(?:\(0\))?1[016789]|01[016789]|0(?:2|[3-6][1-5]|70))"
    r"[\-. )]?[0-9]{3,4}[\-. ]?[0-9]{4}(?![0-9\-])"
)
_APPROVAL = re.compile(
    r"(?:승인\s?(?:번호)?|approval(?:\s?(?:no|number|code))?)\D{0,3}?([0-9]{8})(?!\d)", re.I
)
_EIGHT = re.compile(r"(?<![0-9\-.,/*])[0-9]{8}(?![0-9\-.,/원])")
_CARD_ENDS = (
    re.compile(r"(?<!\*)\*{2,}[\- ]?([0-9]{4})(?![0-9*]|-[0-9])"),
    re.compile(r"(?<![0-9\-.,/])([0-9]{4})\s?번?(?:으로 끝나는)?\s?카드"),
    re.compile(
        r"카드\s?(?:번호)?\s?(?:끝|뒤)?\s?(?:[네4]?\s?자리|번호)?[는은가이]?\s{0,3}[(\[:]?\s{0,3}"
        r"([0-9]{4})(?![0-9\-.,/:년원만])"
    ),
    re.compile(r"(?<=[가-힣])([0-9]{4})(?=승인)"),
    re.compile(r"(?:ending|ends)(?:\s(?:in|with))?\s([0-9]{4})(?![0-9])", re.I),
    re.compile(r"(?:국민|신한|삼성|현대|롯데|하나|우리|비씨|BC|농협|NH|KB)\s?[(\[]([0-9]{4})[)\]]"),
)
_ACCOUNT = re.compile(
    r"(?<![0-9A-Za-z\-])(?:[0-9]{2,6}(?:-[0-9]{2,8}){2,3}|[0-9]{11,14})(?![0-9\-])"
)
_AMOUNT = re.compile(
    r"(?P<mark>[₩￦\\]\s?|KRW\s?|(?:입금|출금|금액|결제|승인|환불|취소|청구)액?\s{0,3}[:：]?\s{0,3})?"
    r"(?<![0-9A-Za-z,.\-/:*])"
    r"(?P<figure>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+(?:\.[0-9]+)?만(?:\s?[0-9]천)?|[0-9]{2,9})"
    r"(?P<unit>\s?(?:원|KRW|won))?(?![0-9A-Za-z,\-/:*년월일시분번자])",
    re.I,
)
_NOT_PAID = re.compile(
    r"(?:잔액|잔고|누적|누계|한도|적립|포인트|수수료|배송비|balance)\S{0,2}\s{0,3}[:：]?\s{0,3}[₩￦]?\s?$",
    re.I,
)
_DAY = re.compile(
    r"(?<![0-9A-Za-z\-./])(?:"
    r"(?:20[0-9]{2}|[0-9]{2})([\-./])\s?[0-9]{1,2}\1\s?[0-9]{1,2}|"
    r"(?:(?:20)?[0-9]{2}년\s?)?[0-9]{1,2}월\s?[0-9]{1,2}일|"
    r"20[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])|"
    r"[0-9]{1,2}/[0-9]{1,2}|"
    r"[0-9]{2}[\-.][0-9]{2}(?=\s{1,3}[0-9]{1,2}:[0-9]{2})"
    r")(?![0-9\-/])"
)
_DAY_SAID = re.compile(r"오늘|어제|그제|그저께|\b(?:today|yesterday)\b", re.I)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_DAY_ENGLISH = re.compile(
    rf"\b(?:({'|'.join(_MONTHS)})[a-z]*\.?\s([0-9]{{1,2}})(?:st|nd|rd|th)?"
    rf"|([0-9]{{1,2}})(?:st|nd|rd|th)?\s({'|'.join(_MONTHS)})[a-z]*\.?)(?:,?\s(20[0-9]{{2}}))?\b",
    re.I,
)
_TIME = re.compile(
    r"(?<![0-9:])(?P<half>오전|오후)?\s?(?P<hour>[0-9]{1,2})"
    r"(?::(?P<minute>[0-9]{2})(?::[0-9]{2})?|시(?:\s?(?P<spoken>[0-9]{1,2})분)?)"
    r"(?:\s?(?P<english>[ap]m))?(?![0-9:])",
    re.I,
)
_SYLLABLES = r"[가-힣](?:[가-힣]|[*○Ｏ×＊](?=[가-힣*○])|[*○](?![0-9])){1,3}"
_NAME_SAID = re.compile(
    r"(?:보낸\s?(?:분|사람|이)|보내(?:는|신)\s?분|받는\s?분|입금자\s?명?|예금주|성함|이름|주문자\s?명?|"
    r"구매자\s?명?|의뢰인|수취인|신청인|고객명)[은는이가]?\s{0,3}[:：]?\s{0,3}"
    rf"({_SYLLABLES}?)(?=님|입니다|이에요|예요|이고|이며|으로|로\b|[^가-힣*○]|$)"
)
_NAME_CALLED = re.compile(
    rf"(?<![가-힣])({_SYLLABLES}?)\s?(?:고객님|회원님|님|고객|씨)(?![가-힣]{{2}})"
)
_NAME_MASKED = re.compile(r"(?<![가-힣*○])[가-힣][*○]{1,2}[가-힣]?(?![가-힣*○0-9])")
_NAME_ALONE = re.compile(r"(?<![가-힣A-Za-z0-9*○])[가-힣]{2,4}(?![가-힣A-Za-z0-9*○])")
_BANK_LINE = re.compile(r"입금|출금|이체|송금")
_NO_NAMES = frozenset(
    (
        "고객 회원 입금 출금 이체 송금 잔액 승인 취소 결제 환불 카드 은행 계좌 누적 일시불 체크 "
        "신용 국민 신한 우리 하나 농협 기업 삼성 현대 롯데 비씨 우체국 새마을 카카오 토스 "
        "토스뱅크 케이뱅크 수협 전자금융 인터넷 모바일 오전 오후 오늘 어제 그제 금액 예금주 "
        "입금자 보낸분 받는분 확인 부탁 문의 주문 주문번호 배송 상품 가상계좌 무통장 내역 통지 "
        "알림 발신 완료 사장 선생 담당자 관리자 판매자 구매자 여러분 부모 해외 국내 사용 거래 "
        "타행 당행 이용 개월 할부 만원 입금액 출금액 입금확인 환불요청 요청 제가 저는 그런데 아직 "
        "언제 빨리 어떻게 된건가요 했는데 했어요 입니다 결제완료 승인번호 전화번호 연락처 이름 "
        "성함 메일 기한 까지 에서 으로 주세요 혹시 입금자명 예금주명 보낸 받는 상점 취소건 결제건 "
        "확정 영수증 사유 답변 했습니다 있나요"
    ).split()
)
_NO_NAME_ENDS = tuple("은행 이체 입금 출금 카드 뱅크 페이 안내 기한 계좌 으로 에서".split())


def _payments(text: str, _today: date) -> Iterator[Clue]:
    for found in _PAYMENT.finditer(text):
        yield _clue(ClueKind.PAYMENT, found[0], found.span(), 100)


def _emails(text: str, _today: date) -> Iterator[Clue]:
    for found in _EMAIL.finditer(text):
        yield _clue(ClueKind.EMAIL, found[0].lower(), found.span(), 50)


def _orders(text: str, _today: date) -> Iterator[Clue]:
    for found in _ORDER_SAID.finditer(text):
        if len(_digits(found[1])) >= 3:
            yield _clue(ClueKind.ORDER, found[1].rstrip("-_"), found.span(1), 80)
    for found in _ORDER.finditer(text):
        if len(_digits(found[0])) >= 5:
            yield _clue(ClueKind.ORDER, found[0].rstrip("-_"), found.span(), 80)


def _phones(text: str, _today: date) -> Iterator[Clue]:
    for found in _PHONE.finditer(text):
        digits = _digits(found[0])
        if digits.startswith("82"):
            digits = "0" + digits[2:].removeprefix("0")
        if len(digits) >= 9:
            yield _clue(ClueKind.PHONE, digits, found.span(), 50)


def _approvals(text: str, _today: date) -> Iterator[Clue]:
    for found in _APPROVAL.finditer(text):
        yield _clue(ClueKind.APPROVAL, found[1], found.span(1), 60)


def _card_ends(text: str, _today: date) -> Iterator[Clue]:
    for pattern in _CARD_ENDS:
        for found in pattern.finditer(text):
            yield _clue(ClueKind.CARD_END, found[1], found.span(1), 25)


def _days(text: str, today: date) -> Iterator[Clue]:
    for found in (*_DAY.finditer(text), *_DAY_SAID.finditer(text)):
        said = "".join(found[0].split())
        if re.fullmatch(r"[0-9]{2}[\-.][0-9]{2}", said):
            said = f"{said[:2]}/{said[3:]}"
        yield from _day(said, found.span(), today)
    for found in _DAY_ENGLISH.finditer(text):
        month = _MONTHS.index((found[1] or found[4]).lower()) + 1
        day = found[2] or found[3]
        said = f"{found[5]}-{month}-{day}" if found[5] else f"{month}/{day}"
        yield from _day(said, found.span(), today)


def _day(said: str, place: tuple[int, int], today: date) -> Iterator[Clue]:
    span = read_days(said, today=today)
    if span is not None and span.first is not None and span.first == span.last:
        yield _clue(ClueKind.DAY, span.first, place, 15)


def _moments(text: str, _today: date) -> Iterator[Clue]:
    for found in _TIME.finditer(text):
        hour = int(found["hour"])
        minute = int(found["minute"] or found["spoken"] or 0)
        half = (found["half"] or found["english"] or "").lower()
        if half in ("오후", "pm") and hour < 12:
            hour += 12
        elif half in ("오전", "am") and hour == 12:
            hour = 0
        if hour < 24 and minute < 60:
            start = found.start("half") if found["half"] else found.start("hour")
            yield _clue(
                ClueKind.MOMENT,
                time.min.replace(hour=hour, minute=minute),
                (start, found.end()),
                20,
            )


def _accounts(text: str, _today: date) -> Iterator[Clue]:
    for found in _ACCOUNT.finditer(text):
        if 10 <= len(digits := _digits(found[0])) <= 16:
            yield _clue(ClueKind.ACCOUNT, digits, found.span(), 60)


def _amounts(text: str, _today: date) -> Iterator[Clue]:
    for found in _AMOUNT.finditer(text):
        figure = found["figure"]
        telling = found["mark"] or found["unit"] or "," in figure or "만" in figure
        start = found.start("figure")
        if not telling or _NOT_PAID.search(text, max(0, start - 16), start):
            continue
        amount = read_number("".join(figure.split()))
        if amount:
            yield _clue(ClueKind.AMOUNT, amount, (start, found.end()), 30)


def _eights(text: str, _today: date) -> Iterator[Clue]:
    """Eight figures that nothing else claims are most often an approval number."""
    for found in _EIGHT.finditer(text):
        yield _clue(ClueKind.APPROVAL, found[0], found.span(), 40)


def _names(text: str, _today: date) -> Iterator[Clue]:
    for pattern in (_NAME_SAID, _NAME_CALLED):
        for found in pattern.finditer(text):
            if _may_be_name(found[1]):
                yield _clue(ClueKind.NAME, _struck(found[1]), found.span(1), 20)
    for found in _NAME_MASKED.finditer(text):
        yield _clue(ClueKind.NAME, _struck(found[0]), found.span(), 15)
    start = 0
    for line in text.splitlines(keepends=True) if _BANK_LINE.search(text) else ():
        if len(line) <= _LONGEST_BANK_LINE:
            for found in _NAME_ALONE.finditer(text, start, start + len(line)):
                if _may_be_name(found[0]):
                    yield _clue(ClueKind.NAME, found[0], found.span(), 15)
        start += len(line)


def _may_be_name(word: str) -> bool:
    return word not in _NO_NAMES and not word.endswith(_NO_NAME_ENDS)


def _struck(name: str) -> str:
    return name.replace("○", "*")


def _clue(
    kind: ClueKind, value: str | int | date | time, span: tuple[int, int], weight: int
) -> Clue:
    return Clue(kind=kind, value=value, start=span[0], end=span[1], weight=weight)


_RECOGNISERS: tuple[Callable[[str, date], Iterator[Clue]], ...] = (
    _payments,
    _emails,
    _orders,
    _phones,
    _approvals,
    _card_ends,
    _days,
    _moments,
    _accounts,
    _amounts,
    _eights,
    _names,
)


# --- whether a payment meets what was said -------------------------------------------------------


def _meets(clue: Clue, facts: Facts) -> bool:
    value = clue.value
    if isinstance(value, date):
        return any(value == _day_of(moment) for moment in facts.moments)
    if isinstance(value, time):
        return any(_near(value, moment) for moment in facts.moments)
    if isinstance(value, int):
        return value in facts.amounts
    if clue.kind is ClueKind.NAME:
        return any(_same_name(value, name) for name in facts.names)
    if clue.kind is ClueKind.CARD_END:
        return bool(facts.card_number) and facts.card_number.endswith(value)
    return value.casefold() == _text_of(clue.kind, facts).casefold()


def _text_of(kind: ClueKind, facts: Facts) -> str:
    return {
        ClueKind.PAYMENT: facts.imp_uid,
        ClueKind.ORDER: facts.merchant_uid,
        ClueKind.APPROVAL: facts.approval,
        ClueKind.EMAIL: facts.email,
        ClueKind.PHONE: _digits(facts.phone),
        ClueKind.ACCOUNT: _digits(facts.account),
    }[kind]


def _day_of(moment: datetime) -> date:
    return moment.astimezone(KST).date()


def _near(said: time, moment: datetime) -> bool:
    """Whether a time of day lies within minutes of a moment, on either side of midnight."""
    kept = moment.astimezone(KST)
    seconds = abs((said.hour - kept.hour) * 3600 + (said.minute - kept.minute) * 60 - kept.second)
    return min(seconds, 86_400 - seconds) <= _NEAR


def _same_name(said: str, name: str) -> bool:
    """Letter by letter; an asterisk stands for any."""
    plain = unicodedata.normalize("NFC", name).strip()
    if len(said) != len(plain):
        return False
    return all(letter in ("*", kept) for letter, kept in zip(said, plain, strict=True))
