"""Korean and English: the operator's choice, then the browser's."""

from __future__ import annotations

from typing import Literal

from flask import Flask, request
from flask_babel import Babel, get_locale

from admin.web.access import signed_in

LOCALES = ("ko", "en")
babel = Babel()


def install(app: Flask) -> None:
    """Set Flask-Babel up for Korean time and our two languages."""
    app.config.update(
        BABEL_DEFAULT_LOCALE="ko",
        BABEL_DEFAULT_TIMEZONE="Asia/Seoul",
        BABEL_TRANSLATION_DIRECTORIES="admin/translations",
    )
    babel.init_app(app, locale_selector=choose_locale)


def choose_locale() -> str:
    """The language of this page: the profile's, else the cookie's, else the browser's."""
    operator = signed_in()
    if operator is not None and operator.locale in LOCALES:
        return operator.locale
    return request.accept_languages.best_match(LOCALES, "ko") or "ko"


def language() -> Literal["ko", "en"]:
    """The language in which the present page is written."""
    return "en" if str(get_locale() or "ko").startswith("en") else "ko"
