"""Korean and English: the operator's choice, then the browser's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from flask import Flask, g, has_app_context, request
from flask_babel import Babel, Domain, force_locale, get_locale

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
    domain = PageDomain(app.extensions["babel"].translation_directories, "messages")
    app.extensions["babel"].instance.domain_instance = domain
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: domain.get_translations().ugettext(text),
        lambda one, many, number: domain.get_translations().ungettext(one, many, number),
        newstyle=True,
    )
    # Jinja's `_` looks `gettext` up by name and calls it, for each of a page's hundred sentences.
    app.jinja_env.globals["_"] = app.jinja_env.globals["gettext"]


class PageDomain(Domain):
    """Finds the sentences of a page's language once. A page asks for hundreds of them."""

    def get_translations(self) -> Any:
        """The sentences of this page, or of whatever is inside `speaking`."""
        if not has_app_context():
            return super().get_translations()
        held = g.get("sentences")
        if held is None:
            held = g.sentences = super().get_translations()
        return held


@contextmanager
def speaking(spoken: str) -> Iterator[None]:
    """Another language than the page's, within a `with` block.

    Use it and never Flask-Babel's own `force_locale`, which leaves the sentences of before.
    """
    before = g.pop("sentences", None)
    try:
        with force_locale(spoken):
            yield
    finally:
        g.pop("sentences", None)
        if before is not None:
            g.sentences = before


def choose_locale() -> str:
    """The language of this page: the profile's, else the cookie's, else the browser's."""
    operator = signed_in()
    if operator is not None and operator.locale in LOCALES:
        return operator.locale
    return request.accept_languages.best_match(LOCALES, "ko") or "ko"


def language() -> Literal["ko", "en"]:
    """The language in which the present page is written."""
    return "en" if str(get_locale() or "ko").startswith("en") else "ko"
