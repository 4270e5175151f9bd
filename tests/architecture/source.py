"""The code, read as text: what the tests in this folder look at."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = ("admin", "sandbox", "scripts")


def modules(*folders: str) -> list[Path]:
    """Every module of `folders`, in order."""
    return sorted(path for folder in folders or OURS for path in (ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    """How a person writes its place."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that `path` imports, at any depth, with its line; not for type checking only."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, node.lineno
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno
