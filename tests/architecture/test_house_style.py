"""What every file of the house has in common."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from .source import ROOT, modules, name_of, tree

ALL = modules()
SENTENCE = re.compile(r"[.?!)`]$")


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    said = ast.get_docstring(tree(path))
    assert said, "a module begins with a docstring"
    first = said.strip().partition("\n\n")[0]
    assert SENTENCE.search(first), "a docstring begins with a sentence"


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_nothing_is_left_lying_about(path: Path) -> None:
    left = [
        f"line {number}: {line.strip()}"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b|breakpoint\(\)|pdb\.set_trace", line)
    ]
    assert left == []


@pytest.mark.parametrize("path", modules("admin"), ids=name_of)
def test_an_assertion_never_guards_anything(path: Path) -> None:
    """`python -O` drops assertions, so none may decide about money, rights or input."""
    lines = [node.lineno for node in ast.walk(tree(path)) if isinstance(node, ast.Assert)]
    assert lines == []


@pytest.mark.parametrize("path", modules("admin"), ids=name_of)
def test_no_money_is_a_float(path: Path) -> None:
    """No float in what holds money or computes with it; durations elsewhere may be."""
    if not name_of(path).startswith(("admin/domain/", "admin/mirror/")):
        return
    floats = [
        node.lineno
        for node in ast.walk(tree(path))
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
    ]
    assert floats == []


@pytest.mark.parametrize("path", modules("admin"), ids=name_of)
def test_the_time_is_asked_for_at_the_edges_only(path: Path) -> None:
    """Below views, tasks and commands the moment is an argument."""
    name = name_of(path)
    if name == "admin/jobs/service.py":
        return  # a lease is renewed by the clock while the work goes on
    inner = ("admin/domain/", "admin/exports/", "admin/order_imports/")
    at_the_edge = name.endswith(("views.py", "/tasks.py"))
    if at_the_edge or not (name.startswith(inner) or name.endswith(("/service.py", "/queries.py"))):
        return
    asked = [
        node.lineno
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and _called(node) in ("utc_now", "now", "today", "time")
    ]
    if name == "admin/domain/clock.py":
        assert len(asked) == 1
    else:
        assert asked == []


def _called(node: ast.Call) -> str:
    """The name called, `x.now()` and `now()` alike, unless it takes part of a moment."""
    if isinstance(node.func, ast.Name):
        return node.func.id
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        owner = node.func.value.id
        return node.func.attr if owner in ("datetime", "date", "time") else ""
    return ""


def test_the_start_scripts_can_be_executed() -> None:
    for name in ("run", "test", ".ci/run"):
        assert (ROOT / name).stat().st_mode & 0o111, name
