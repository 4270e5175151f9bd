"""The bank account a virtual account or a late phone payment is refunded to."""

from __future__ import annotations

import re
from dataclasses import dataclass

from admin.domain.errors import N_, InvalidInput

# KCP's own codes for refund_bank: `BK` and two digits, not the three digits of an account's bank.
# Source: POST /payments/cancel, parameter refund_bank, for KCP.
REFUND_BANKS: dict[str, str] = {
    "BK04": "국민은행",
    "BK88": "신한은행",
    "BK20": "우리은행",
    "BK81": "하나은행",
    "BK11": "농협은행",
    "BK03": "기업은행",
    "BK90": "카카오뱅크",
    "BK92": "토스뱅크",
    "BK89": "케이뱅크",
    "BK71": "우체국",
    "BK45": "새마을금고",
    "BK48": "신협",
    "BK23": "SC제일은행",
    "BK27": "한국씨티은행",
    "BK07": "수협은행",
    "BK12": "지역농축협",
    "BK02": "산업은행",
    "BK31": "iM뱅크(대구)",
    "BK32": "부산은행",
    "BK34": "광주은행",
    "BK37": "전북은행",
    "BK39": "경남은행",
}
LONGEST = 16
_NUMBER = re.compile(r"[0-9]{7,16}")
SHOWN_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundAccount:
    """Who gets the money and where. `number` is digits only."""

    holder: str
    bank: str
    number: str

    def __post_init__(self) -> None:
        """Raise InvalidInput naming the field the gateway would not take."""
        if not 1 <= len(self.holder) <= LONGEST:
            raise InvalidInput(
                N_("Enter the account holder, at most 16 characters."), field="holder"
            )
        if self.bank not in REFUND_BANKS:
            raise InvalidInput(N_("Choose the bank."), field="bank")
        if not _NUMBER.fullmatch(self.number):
            raise InvalidInput(
                N_("Enter the account number, 7 to 16 digits."), field="account_number"
            )

    @classmethod
    def read(cls, *, holder: str, bank: str, number: str) -> RefundAccount:
        """From what a person typed: spaces and hyphens in the number do not matter."""
        return cls(holder=holder.strip(), bank=bank, number=re.sub(r"[\s-]", "", number))

    @property
    def masked(self) -> str:
        """What may be shown and kept once the money has gone: the bank and the last digits."""
        return f"{REFUND_BANKS[self.bank]} ****{self.number[-SHOWN_DIGITS:]}"
