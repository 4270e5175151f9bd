"""Templates: each is whole, uses what it imports, and holds nothing the content policy forbids."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader, nodes

from .source import ROOT

FOLDER = ROOT / "templates"
NAMES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.html"))
READER = Environment(
    loader=FileSystemLoader(FOLDER),
    extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
    autoescape=True,
)


@cache
def parsed(name: str) -> nodes.Template:
    return READER.parse(text_of(name), name, name)


def text_of(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def macros_of(name: str) -> set[str]:
    """What can be imported from a template: its macros and its top-level values."""
    macros = {macro.name for macro in parsed(name).find_all(nodes.Macro)}
    values = {
        target.name
        for assignment in parsed(name).find_all((nodes.Assign, nodes.AssignBlock))
        for target in assignment.find_all(nodes.Name)
        if target.ctx == "store"
    }
    return macros | values


@pytest.mark.parametrize("name", NAMES)
def test_a_template_is_well_formed(name: str) -> None:
    parsed(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_template_it_names_is_there(name: str) -> None:
    kinds = (nodes.Extends, nodes.Include, nodes.FromImport, nodes.Import)
    named = [
        reference.template.value
        for reference in parsed(name).find_all(kinds)
        if isinstance(reference.template, nodes.Const)
    ]
    assert [other for other in named if not (FOLDER / str(other)).is_file()] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_macro_it_imports_exists_and_is_used(name: str) -> None:
    tree = parsed(name)
    used = [found.name for found in tree.find_all(nodes.Name) if found.ctx == "load"]
    for imported in tree.find_all(nodes.FromImport):
        assert isinstance(imported.template, nodes.Const)
        offered = macros_of(str(imported.template.value))
        for one in imported.names:
            original, alias = one if isinstance(one, tuple) else (one, one)
            assert original in offered, f"{imported.template.value} offers no {original}"
            assert alias in used, f"{alias} is imported and not used"


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("components/")])
def test_a_component_is_used_somewhere(name: str) -> None:
    pages = [other for other in NAMES if other != name and name in text_of(other)]
    assert pages, "no page uses it"


FORBIDDEN = {
    "an inline style": re.compile(r"<[^>]*\sstyle\s*="),
    "an event attribute": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    "an evaluated htmx attribute": re.compile(r"hx-on[:-]|hx-vals\s*=\s*[\"']js:|hx-vars"),
    "text marked as safe": re.compile(r"\|\s*safe\b"),
    "escaping turned off": re.compile(r"autoescape\s+false"),
    "an address of another origin": re.compile(r"(src|href|action)\s*=\s*[\"'](https?:)?//"),
}


@pytest.mark.parametrize("name", NAMES)
def test_it_holds_nothing_the_content_policy_or_escaping_forbids(name: str) -> None:
    text = re.sub(r"\{#.*?#\}", "", text_of(name), flags=re.DOTALL)
    found = {
        what: match.group() for what, rule in FORBIDDEN.items() if (match := rule.search(text))
    }
    assert found == {}


def test_a_script_carries_a_nonce_or_comes_from_us() -> None:
    for name in NAMES:
        for tag in re.findall(r"<script\b[^>]*>", text_of(name)):
            assert "nonce" in tag or "src=" in tag or 'type="application/json"' in tag, (name, tag)


def test_there_are_templates() -> None:
    assert len(NAMES) > 10
    assert Path(FOLDER / "layouts").is_dir()
