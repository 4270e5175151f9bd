"""The vocabulary: names of fields and of their values, Korean and English, with what people type.

The first word of a language is the one the language itself writes.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from admin.domain.payment import PayMethod
from admin.domain.search.query import Field, StatusWord

Language = Literal["ko", "en"]
Choice = str | int | StatusWord  # an int is True or False


@dataclass(frozen=True, slots=True)
class Names:
    """What one thing is called: the two words that are written, and others that are understood."""

    ko: str
    en: str
    others: tuple[str, ...] = ()

    def written(self, language: Language) -> str:
        return self.ko if language == "ko" else self.en


def _names(ko: str, en: str, others: str = "") -> Names:
    return Names(ko, en, tuple(others.split()))


FIELDS: dict[Field, Names] = {
    Field.STATUS: _names("상태", "status", "결제상태 state is"),
    Field.METHOD: _names("수단", "method", "결제수단 결제방법 pay_method wallet 간편결제"),
    Field.AMOUNT: _names("금액", "amount", "결제금액 결제액 price sum"),
    Field.CANCELLED: _names(
        "취소금액", "cancelled", "환불금액 취소액 환불액 canceled refunded cancelled_amount"
    ),
    Field.REQUESTED: _names("요청일", "requested", "주문일 시작일 날짜 기간 date day started on"),
    Field.APPROVED: _names("승인일", "approved", "결제일 paid paid_on approved_on paid_at"),
    Field.CANCELLED_ON: _names(
        "취소일", "cancelled_on", "환불일 canceled_on refunded_on cancelled_at"
    ),
    Field.ORDER: _names("주문번호", "order", "주문 merchant_uid order_number oid"),
    Field.PAYMENT: _names("결제번호", "payment", "imp_uid imp uid 결제아이디 payment_id"),
    Field.APPROVAL: _names("승인번호", "approval", "apply_num approval_number"),
    Field.RECEIPT: _names(
        "현금영수증", "receipt", "현금영수증번호 현금영수증승인번호 cash_receipt receipt_number"
    ),
    Field.BUYER: _names("구매자", "buyer", "이름 구매자명 주문자 name buyer_name"),
    Field.PHONE: _names("전화", "phone", "전화번호 연락처 휴대폰번호 tel telephone mobile"),
    Field.EMAIL: _names("이메일", "email", "메일 mail e_mail"),
    Field.ADDRESS: _names("주소", "address", "addr 배송지"),
    Field.GOODS: _names("상품", "goods", "주문명 상품명 item product order_name"),
    Field.CARD: _names("카드번호", "card", "카드 card_number last4 bin 카드끝자리"),
    Field.ISSUER: _names("카드사", "issuer", "카드회사 발급사 card_name card_company"),
    Field.BANK: _names("은행", "bank", "bank_name 은행명"),
    Field.VBANK: _names("가상계좌", "vbank", "계좌 계좌번호 가상계좌번호 vbank_num account"),
    Field.HOLDER: _names("예금주", "holder", "account_holder vbank_holder"),
    Field.REASON: _names("취소사유", "reason", "환불사유 사유 cancel_reason refund_reason"),
    Field.FAILURE: _names("실패사유", "failure", "실패이유 fail_reason failure_reason error"),
    Field.CUSTOMER: _names("고객", "customer", "빌링키 customer_uid billing_key 고객번호"),
    Field.MID: _names("상점아이디", "mid", "상점 pg_id shop_id 가맹점"),
    Field.PG: _names("PG", "pg", "결제대행사 피지 pg_provider provider"),
    Field.TID: _names("거래번호", "tid", "pg_tid transaction transaction_id"),
    Field.INSTALMENTS: _names("할부", "instalments", "할부개월 installments instalment quota"),
    Field.ENVIRONMENT: _names("환경", "environment", "env mode 모드"),
    Field.ESCROW: _names("에스크로", "escrow", "에스크로우"),
}

_STATUSES: dict[Choice, Names] = {
    StatusWord.PAID: _names("결제완료", "paid", "완료 결제됨 승인 complete"),
    StatusWord.PART_REFUNDED: _names(
        "부분환불", "part_refunded", "부분취소 일부환불 part_refund partial partially_refunded"
    ),
    StatusWord.REFUNDED: _names(
        "전액환불", "refunded", "환불 환불완료 취소 전체취소 결제취소 refund cancelled canceled"
    ),
    StatusWord.AWAITING: _names("입금대기", "awaiting", "대기 미입금 waiting awaiting_deposit"),
    StatusWord.OPENED: _names(
        "미완료", "not_finished", "진행중 결제안끝남 안끝남 opened unfinished ready"
    ),
    StatusWord.FAILED: _names("결제실패", "failed", "실패 fail failure"),
    StatusWord.EXPIRED: _names("기한만료", "expired", "만료 입금기한만료"),
    StatusWord.UNKNOWN: _names("확인중", "checking", "결과미확인 미확인 unknown"),
}
_METHODS: dict[Choice, Names] = {
    PayMethod.CARD.value: _names("카드", "card", "신용카드 credit_card"),
    PayMethod.TRANS.value: _names(
        "계좌이체", "transfer", "이체 실시간계좌이체 trans bank_transfer"
    ),
    PayMethod.VBANK.value: _names(
        "가상계좌", "virtual_account", "무통장 무통장입금 vbank virtual_acct"
    ),
    PayMethod.PHONE.value: _names("휴대폰", "phone", "휴대폰결제 소액결제 핸드폰 phone_bill"),
    PayMethod.SAMSUNG.value: _names("삼성페이", "samsung_pay", "삼성 samsung"),
    PayMethod.PAYCO.value: _names("페이코", "payco"),
    PayMethod.KAKAOPAY.value: _names("카카오페이", "kakaopay", "카카오 카페이 kakao"),
    PayMethod.NAVERPAY.value: _names("네이버페이", "naver_pay", "네이버 네페 naver"),
    PayMethod.TOSSPAY.value: _names("토스페이", "toss_pay", "토스 toss"),
    PayMethod.LPAY.value: _names("엘페이", "l_pay", "L.PAY"),
    PayMethod.SSGPAY.value: _names("SSG페이", "ssg_pay", "쓱페이 ssg 쓱"),
    PayMethod.APPLEPAY.value: _names("애플페이", "apple_pay", "애플 apple"),
    PayMethod.POINT.value: _names("포인트", "points", "point"),
    PayMethod.CULTURELAND.value: _names(
        "문화상품권", "culture_voucher", "컬쳐랜드 컬처랜드 문상 cultureland"
    ),
    PayMethod.SMARTCULTURE.value: _names(
        "스마트문상", "smart_culture_voucher", "스마트문화상품권 smartculture"
    ),
    PayMethod.HAPPYMONEY.value: _names("해피머니", "happy_money_voucher", "happymoney happy_money"),
    PayMethod.BOOKNLIFE.value: _names(
        "도서문화상품권", "book_life_voucher", "도서상품권 북앤라이프 booknlife book&life_voucher"
    ),
}
_ENVIRONMENTS: dict[Choice, Names] = {
    "live": _names("운영", "live", "실결제 실거래 real production"),
    "test": _names("테스트", "test", "시험 sandbox"),
}
_ANSWERS: dict[Choice, Names] = {
    True: _names("예", "yes", "네 사용 있음 y true o"),
    False: _names("아니오", "no", "아니요 미사용 없음 n false x"),
}
CHOICES: dict[Field, dict[Choice, Names]] = {
    Field.STATUS: _STATUSES,
    Field.METHOD: _METHODS,
    Field.ENVIRONMENT: _ENVIRONMENTS,
    Field.ESCROW: _ANSWERS,
}


def key_of(word: str) -> str:
    """What two spellings of one word have in common: case, blanks, dashes and dots do not count."""
    plain = unicodedata.normalize("NFKC", word).casefold()
    return "".join(letter for letter in plain if letter not in " _-.")


def every_word(names: Names) -> tuple[str, ...]:
    """All that is understood, the written ones first."""
    return (names.ko, names.en, *names.others)


_FIELD_OF = {key_of(word): field for field, names in FIELDS.items() for word in every_word(names)}
_CHOICE_OF = {
    field: {key_of(word): choice for choice, names in table.items() for word in every_word(names)}
    for field, table in CHOICES.items()
}


def find_field(name: str) -> Field | None:
    """The field people call `name`."""
    return _FIELD_OF.get(key_of(name))


def find_choice(field: Field, word: str) -> Choice | None:
    """The value of a choice field that people call `word`."""
    return _CHOICE_OF[field].get(key_of(word))


def close_field(name: str) -> str | None:
    """The name of a field that `name` may be a slip of."""
    return close_word(name, [word for names in FIELDS.values() for word in every_word(names)])


def close_choice(field: Field, word: str) -> str | None:
    """The name of a value that `word` may be a slip of."""
    known = [known for names in CHOICES[field].values() for known in every_word(names)]
    return close_word(word, known)


def owner_of(word: str) -> Field | None:
    """The choice field that does know `word`."""
    for field in (Field.STATUS, Field.METHOD, Field.ENVIRONMENT):
        if find_choice(field, word) is not None:
            return field
    return None


def close_word(word: str, known: list[str]) -> str | None:
    """The nearest of `known`, compared letter by letter: a Korean slip is one letter, not one
    syllable."""
    spelled = {unicodedata.normalize("NFD", key_of(each)): each for each in reversed(known)}
    wanted = unicodedata.normalize("NFD", key_of(word))
    found = get_close_matches(wanted, list(spelled), n=1, cutoff=7 / 10)
    return spelled[found[0]] if found else None


def choice_written(field: Field, choice: Choice, language: Language) -> str:
    """The word of a value. Raises KeyError unless `field` is a choice field that has it."""
    return CHOICES[field][choice].written(language)


def is_operator(word: str) -> bool:
    """Whether a word would join others in languages that have more than `and`."""
    return word in (*OR_WORDS, *AND_WORDS, NOT_WORD) or "|" in word


def continues(word: str) -> bool:
    """Whether a word can go on with the value before it: `부분 환불`, `지난 주`, `5만 원`."""
    return key_of(word) in _LATER or _COUNTED.fullmatch(word) is not None or word in RANGE_MARKS


OR_WORDS = ("OR", "또는")
AND_WORDS = ("AND", "&&", "그리고")
NOT_WORD = "NOT"
RANGE_MARKS = ("..", "~", "〜", "～")
_COUNTED = re.compile(r"[0-9]+[일주월]간?")
_LATER = frozenset(
    "week month year 주 달 해 원 won krw 개월 months 환불 취소 완료 대기 실패 만료 기한만료 중 안 "
    "끝남 페이 이체 상품권 문상 결제".split()
) | {
    key_of(part)
    for table in CHOICES.values()
    for names in table.values()
    for word in every_word(names)
    for part in word.split("_")[1:]
}
