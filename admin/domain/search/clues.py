"""Paste to find: what a pasted message, mail or bank line says about one payment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from enum import Enum


class ClueKind(Enum):
    """What was recognised. The most telling first."""

    PAYMENT = "payment"  # imp_uid: str
    ORDER = "order"  # merchant_uid: str
    APPROVAL = "approval"  # apply_num: str
    EMAIL = "email"  # str, lower case
    PHONE = "phone"  # str of digits
    ACCOUNT = "account"  # str of digits: a virtual account
    CARD_END = "card_end"  # str of three or four digits
    AMOUNT = "amount"  # int, won
    DAY = "day"  # date, Korean
    MOMENT = "moment"  # time of day, Korean
    NAME = "name"  # str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """One thing the text says, where it says it (`text[start:end]`) and how telling it is."""

    kind: ClueKind
    value: str | int | date | time
    start: int
    end: int
    weight: int
