"""What the code itself shows. S37: templates. S45: queries. S59: secrets. S63: comparing them."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest
from flask import Flask

from sandbox.config import TEST_SECRET
from tests.architecture.source import ROOT, modules, name_of, tree

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def names_called(path: Path) -> set[tuple[str, int]]:
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            name = node.func.id if isinstance(node.func, ast.Name) else name
            found.add((name, node.lineno))
    return found


def test_security_s37_everything_in_a_template_is_escaped(app: Flask) -> None:
    for template in TEMPLATES:
        name = template.relative_to(ROOT / "templates").as_posix()
        assert app.select_jinja_autoescape(name), name
    for name in ("macro.html", "page.htm", "icon.svg", "feed.xml"):
        assert app.select_jinja_autoescape(name), name


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_security_s37_no_template_lets_a_text_through_unescaped(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\|\s*safe\b|autoescape\s+false|Markup\(", text)


@pytest.mark.parametrize("path", modules("admin"), ids=name_of)
def test_security_s37_no_code_calls_a_text_markup(path: Path) -> None:
    forbidden = {
        "Markup",
        "render_template_string",
        "from_string",
        "eval",
        "exec",
        "literal_column",
    }
    assert [one for one in names_called(path) if one[0] in forbidden] == []


@pytest.mark.parametrize("path", modules("admin"), ids=name_of)
def test_security_s45_no_query_is_built_from_texts(path: Path) -> None:
    """Inside a function `text()` and the like take a literal, never a formatted or joined text."""
    functions = [one for one in ast.walk(tree(path)) if isinstance(one, ast.FunctionDef)]
    wrong = []
    for node in (inner for function in functions for inner in ast.walk(function)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr not in ("text", "exec_driver_sql", "execute") or not node.args:
            continue
        first = node.args[0]
        built = isinstance(first, (ast.JoinedStr, ast.BinOp)) or (
            isinstance(first, ast.Call)
            and isinstance(first.func, ast.Attribute)
            and first.func.attr in ("format", "join")
            and not isinstance(first.func.value, ast.Name)
        )
        if built:
            wrong.append(node.lineno)
    assert wrong == []


SECRETS = re.compile(r"token|secret|password|signature|digest|sid\b|id_hash|fingerprint", re.I)
# Compared as names, not as proofs: nobody gets in by guessing them.
NO_PROOF = {
    "_fingerprint",
    "fingerprint",  # of the gateway's key, printed in messages
    "gateway_fingerprint",
    "key_fingerprint",
}


@pytest.mark.parametrize("path", modules("admin"), ids=name_of)
def test_security_s63_a_secret_is_never_compared_with_equals(path: Path) -> None:
    wrong = []
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.Compare):
            continue
        if not any(isinstance(one, (ast.Eq, ast.NotEq)) for one in node.ops):
            continue
        for side in (node.left, *node.comparators):
            name = side.attr if isinstance(side, ast.Attribute) else getattr(side, "id", "")
            is_column = (
                isinstance(side, ast.Attribute) and getattr(side.value, "id", "x")[0].isupper()
            )
            if SECRETS.search(name) and name not in NO_PROOF and not is_column:
                wrong.append((node.lineno, name))
    assert wrong == []


def test_security_s63_the_webhook_token_is_compared_in_constant_time() -> None:
    calls = names_called(ROOT / "admin/webhooks/views.py")
    assert "compare_digest" in {name for name, _ in calls}


PRIVATE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}"
    r"|xox[bp]-[0-9A-Za-z-]{20,}|postgres(?:ql)?://[^:\s{}\"']+:[^@\s{}<\"']+@(?!host|localhost)[a-z]"
)


def test_security_s59_the_repository_holds_no_secret() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    for file in files:
        if not file.is_file() or file.stat().st_size > 1_000_000 or "vendor" in file.parts:
            continue
        text = file.read_bytes().decode("utf-8", errors="replace")
        assert not PRIVATE.search(text), name_of(file)
        assert file.name not in (".env", "secrets.env"), name_of(file)


def test_security_s59_the_only_gateway_secret_is_the_public_test_pair() -> None:
    """It is printed in the gateway's own guide and opens test channels only."""
    holders = {
        name_of(path)
        for path in modules("admin", "scripts", "sandbox")
        if TEST_SECRET in path.read_text(encoding="utf-8")
    }
    assert holders == {"sandbox/config.py", "scripts/run.py"}
