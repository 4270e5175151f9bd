"""Korean and English are complete: every sentence in the code stands in both catalogs."""

from __future__ import annotations

import gettext
import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from .source import ROOT

FOLDER = ROOT / "admin" / "translations"
LOCALES = ("ko", "en")
KEYWORDS = {**DEFAULT_KEYWORDS, "_l": None, "lazy_gettext": None, "lazy_ngettext": (1, 2)}
PLACES = re.compile(r"%\((\w+)\)[sd]")
HANGUL = re.compile(r"[가-힣]")


@cache
def in_the_code() -> dict[str, str]:
    """Every message id and where it was first met."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found: dict[str, str] = {}
    for name, line, message, _comments, _context in extract_from_dir(
        ROOT, methods, options, keywords=KEYWORDS
    ):
        for msgid in message if isinstance(message, tuple) else (message,):
            found.setdefault(msgid, f"{name}:{line}")
    return found


@cache
def catalog(locale: str) -> Catalog:
    with po_file(locale).open("rb") as file:
        return read_po(file, locale=locale)


def po_file(locale: str) -> Path:
    return FOLDER / locale / "LC_MESSAGES" / "messages.po"


def written(message: Message) -> list[str]:
    """Its translations: one, or one for each plural form."""
    return [message.string] if isinstance(message.string, str) else list(message.string)


@pytest.mark.slow
@pytest.mark.parametrize("locale", LOCALES)
def test_every_sentence_is_translated(locale: str) -> None:
    known = {
        msgid: message
        for message in catalog(locale)
        for msgid in (message.id if isinstance(message.id, tuple) else (message.id,))
    }
    missing = {
        msgid: place
        for msgid, place in in_the_code().items()
        if msgid not in known or not all(written(known[msgid])) or known[msgid].fuzzy
    }
    assert missing == {}


@pytest.mark.parametrize("locale", LOCALES)
def test_a_translation_fills_the_same_places(locale: str) -> None:
    wrong = []
    for message in catalog(locale):
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        allowed = {place for msgid in ids for place in PLACES.findall(msgid)}
        for text in written(message):
            if set(PLACES.findall(text)) - allowed:
                wrong.append(ids[0])
            if isinstance(message.id, str) and set(PLACES.findall(text)) != allowed:
                wrong.append(ids[0])
    assert wrong == []


def test_the_korean_catalog_is_korean() -> None:
    foreign = [
        message.id
        for message in catalog("ko")
        if isinstance(message.id, str)
        and re.search(r"[a-z]{3,} [a-z]{2,} [a-z]{2,}", message.id)
        and not all(HANGUL.search(text) for text in written(message))
    ]
    assert foreign == []


@pytest.mark.parametrize("locale", LOCALES)
def test_what_is_compiled_is_what_is_written(locale: str) -> None:
    with po_file(locale).with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in catalog(locale):
        if isinstance(message.id, str) and message.id and message.string and not message.fuzzy:
            assert compiled.gettext(message.id) == message.string
