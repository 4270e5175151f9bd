"""What a person chooses for themselves, and the code that shows who decides."""

from __future__ import annotations

from typing import cast

from flask import current_app
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField
from wtforms.validators import Optional

from admin.accounts.second_factor import OneTimeTotp, TypedCode
from admin.accounts.service import LOCALES, THEMES
from admin.web.fields import UnshownDigits, choices


class CodeField(UnshownDigits):
    """The code an authenticator app shows now, beside a decision."""

    def typed(self) -> TypedCode:
        """What was typed, if anything, with what can judge it."""
        totp = cast(OneTimeTotp, current_app.extensions["people"].totp_factory)
        return TypedCode(text=self.data or "", totp=totp)


class PreferencesForm(FlaskForm):
    """Language, theme and row height. A field that is not sent stays as it is."""

    locale = SelectField(
        _l("Language"),
        choices=choices([("ko", "한국어"), ("en", "English")]),
        validators=[Optional()],
        validate_choice=False,
    )
    theme = SelectField(
        _l("Theme"),
        choices=choices(
            [("system", _l("As the system")), ("light", _l("Light")), ("dark", _l("Dark"))]
        ),
        validators=[Optional()],
        validate_choice=False,
    )
    compact = BooleanField(_l("Compact rows"))

    def chosen_locale(self) -> str | None:
        """The language, if a known one was sent."""
        return self.locale.data if self.locale.data in LOCALES else None

    def chosen_theme(self) -> str | None:
        """The theme, if a known one was sent."""
        return self.theme.data if self.theme.data in THEMES else None
