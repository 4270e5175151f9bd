"""Fields that read what people type: amounts, Korean days, free text without card numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import DateField, Field, StringField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import TextInput

from admin.domain.card_guard import holds_card_number
from admin.domain.money import LARGEST_MINOR

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)  # beyond them a year is mistyped
# Thousands may be set apart by commas, rightly placed; nothing else is guessed.
_AMOUNT = re.compile(r"[+]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?")
# What a Korean keyboard writes wide. Not every likeness: 10² is no 102.
_WIDE = {0xFEE0 + code: code for code in range(ord("!"), ord("~") + 1)}


class UnshownInput(TextInput):
    """A text control without a value, whatever was typed: it goes one way only."""

    def __call__(self, field: Field, **attributes: Any) -> Any:
        """The control; a value of False writes no such attribute."""
        return super().__call__(field, **{**attributes, "value": False})


class UnshownDigits(StringField):
    """Digits that are never shown again and that no browser keeps: of a card, of a code."""

    widget = UnshownInput()

    def __init__(self, label: Any, validators: Any = (), **options: Any) -> None:
        super().__init__(
            label,
            validators,
            filters=[stripped],
            render_kw={"autocomplete": "off", "inputmode": "numeric"},
            **options,
        )


class AmountField(Field):
    """An amount in the currency's own unit: "3,000", "3000", full-width digits and "3,000원".

    `data` is a Decimal, or None with an error; the text stays as it was typed.
    """

    widget = TextInput()

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data:,}"

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the text. What is not plainly an amount is refused, never rounded or guessed."""
        self.data = None
        typed = valuelist[0].strip() if valuelist else ""
        if not typed:
            raise ValueError(gettext("Enter an amount."))
        text = typed.translate(_WIDE).removesuffix("원").strip()
        if text.startswith(("-", "\N{MINUS SIGN}")):
            raise ValueError(gettext("Enter an amount above zero."))
        if not _AMOUNT.fullmatch(text):
            raise ValueError(gettext("Enter digits only, for example 3,000."))
        amount = Decimal(text.replace(",", ""))
        if amount > LARGEST_MINOR:
            raise ValueError(gettext("That amount is too large."))
        if amount <= 0:
            raise ValueError(gettext("Enter an amount above zero."))
        self.data = amount


class OptionalAmountField(AmountField):
    """An amount that may be left out (None) or be 0."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        typed = (valuelist[0].strip() if valuelist else "").translate(_WIDE)
        if typed.strip("0"):
            super().process_formdata(valuelist)
        else:
            self.data = Decimal(0) if typed else None


class KstDateField(DateField):
    """A Korean calendar day."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the day; the error says how one is written."""
        try:
            super().process_formdata([part for part in valuelist if part])
        except ValueError:
            raise ValueError(gettext("Enter a day as 2026-11-23.")) from None

    def pre_validate(self, form: object) -> None:
        """A day far from every trade is a slip of the finger."""
        if self.data is not None and not FIRST_DAY <= self.data <= LAST_DAY:
            raise ValidationError(gettext("Enter a day as 2026-11-23."))


class NoCardNumber:
    """Validator: a card number typed here is refused and not shown again."""

    def __call__(self, form: object, field: Field) -> None:
        """Clear the field and refuse when it holds a card number."""
        if field.data and holds_card_number(str(field.data)):
            field.data = ""
            field.raw_data = []
            raise ValidationError(
                gettext("That looks like a card number. It was not searched, kept or logged.")
            )


def choices(pairs: Iterable[tuple[str, Any]]) -> list[SelectChoice]:
    """(value, label) pairs as a select field takes them."""
    return [SelectChoice(value, label) for value, label in pairs]


def stripped(text: str | None) -> str:
    """Filter: the text without blanks around it, and without zeros, which PostgreSQL refuses."""
    return (text or "").replace("\x00", "").strip()


class TextField(StringField):
    """One line of free text, stripped, without card numbers."""

    def __init__(self, label: Any = None, validators: Any = (), **options: Any) -> None:
        super().__init__(label, [*validators, NoCardNumber()], filters=[stripped], **options)


class LongTextField(TextAreaField):
    """Several lines of free text, stripped, without card numbers."""

    def __init__(self, label: Any = None, validators: Any = (), **options: Any) -> None:
        super().__init__(label, [*validators, NoCardNumber()], filters=[stripped], **options)


REQUIRED = _l("Fill this in.")
