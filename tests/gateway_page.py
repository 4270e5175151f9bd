"""Makes docs/gateway.md: each operation of the gateway, what the sandbox does and what proves it.

Made from the published contract, the sandbox's own routes, the record of the published clients, and
the tests of the sandbox, which are read as text.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from sandbox.app import create_app
from scripts.environment import ROOT

PAGE = ROOT / "docs" / "gateway.md"
CONTRACT = ROOT / "tests" / "sandbox" / "data" / "gateway-contract.json"
RECORD = ROOT / "tests" / "clients" / "record.json"
TESTS = ROOT / "tests" / "sandbox"

HEAD = """\
# The gateway, operation by operation

What the published contract lists, what the sandbox does, and what proves it. Made by
`.venv/bin/python -m tests.gateway_page`; not edited by hand.

*Held by* names the tests that hold the sandbox's answers against the published schema.
*Clients* names the published clients that reach the operation unmodified, with a success and with
a refusal unless only one of them is named. *KCP* is the contract's list of payment companies.
"""
CHOICES = """\
## Choices where the papers are silent

No public text settles these; each choice is one test.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of the contract and everything known of it."""

    name: str  # METHOD /path
    tag: str
    statuses: tuple[str, ...]
    kcp: tuple[str, ...] | None  # its modules that offer it; None where no company is named
    served: bool
    held_by: tuple[str, ...]
    clients: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Test:
    """A test as it is written: where, what it says, and the operations it holds to the schema."""

    file: str
    name: str
    says: str
    holds: frozenset[str]


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """The whole text of the page."""
    tests = list(read_tests(_names(_contract())))
    operations = list(read_operations(tests))
    return "\n".join([HEAD, *_summary(operations), *_listed(operations), *_choices(tests)])


def read_operations(tests: Iterable[Test]) -> Iterator[Operation]:
    """In the order of the contract."""
    tests = list(tests)
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    routes = _routes()
    for one in _contract():
        name = f"{one['method']} {one['path']}"
        yield Operation(
            name=name,
            tag=one["tag"],
            statuses=tuple(one["responses"]),
            kcp=_kcp_modules(one["kcp"]),
            served=_is_served(routes, one["method"], one["path"]),
            held_by=tuple(f"{test.file}::{test.name}" for test in tests if name in test.holds),
            clients=record.get(name, {}),
        )


def read_tests(operations: frozenset[str]) -> Iterator[Test]:
    """Every test of the sandbox. One that checks answers, itself or through a function of its
    module, holds the operations that are named in either."""
    for path in sorted(TESTS.glob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
        functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        for name, function in functions.items():
            if name.startswith("test_"):
                called = [functions[other] for other in _called(function) if other in functions]
                parts = [function, *called]
                checks = any(_checks(part) for part in parts)
                named = frozenset(text for part in parts for text in _texts(part))
                holds = named & operations if checks else frozenset[str]()
                says = " ".join((ast.get_docstring(function) or "").split())
                yield Test(path.name, name, says, holds)


def _contract() -> list[dict[str, Any]]:
    operations: list[dict[str, Any]] = json.loads(CONTRACT.read_text("utf-8"))["operations"]
    return operations


def _names(operations: Iterable[dict[str, Any]]) -> frozenset[str]:
    return frozenset(f"{one['method']} {one['path']}" for one in operations)


def _kcp_modules(named: dict[str, bool] | None) -> tuple[str, ...] | None:
    if named is None:
        return None
    return tuple(module for module, offered in named.items() if offered)


def _routes() -> MapAdapter:
    app = create_app()
    app.extensions["sandbox"].close()
    return app.url_map.bind("sandbox")


def _is_served(routes: MapAdapter, method: str, path: str) -> bool:
    try:
        routes.match(re.sub(r"\{[^}]+\}", "x", path), method=method)
    except HTTPException:
        return False
    return True


def _called(function: ast.FunctionDef) -> set[str]:
    """The plain names that a function calls."""
    return {
        node.func.id
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


def _checks(function: ast.FunctionDef) -> bool:
    """Whether it calls `contract.check`."""
    return any(
        isinstance(node, ast.Call) and ast.unparse(node.func) == "contract.check"
        for node in ast.walk(function)
    )


def _texts(function: ast.FunctionDef) -> Iterator[str]:
    """Every text in it and in its decorators."""
    for node in ast.walk(function):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _summary(operations: list[Operation]) -> Iterator[str]:
    served = [one for one in operations if one.served]
    held = [one for one in served if one.held_by]
    reached = [one for one in served if one.clients]
    yield (
        f"Of {len(operations)} operations the sandbox serves {len(served)}; the answers of"
        f" {len(held)} are held against the schema, and {len(reached)} are reached by a published"
        " client.\n"
    )


def _listed(operations: list[Operation]) -> Iterator[str]:
    for tag, group in groupby(operations, key=attrgetter("tag")):
        yield f"## {tag}\n"
        for one in group:
            yield f"### {one.name}\n"
            yield f"- Contract: {', '.join(one.statuses)}; KCP: {_kcp(one.kcp)}"
            yield f"- Sandbox: {'served' if one.served else 'not served'}"
            if one.held_by:
                yield f"- Held by: {', '.join(f'`{test}`' for test in one.held_by)}"
            if one.clients:
                yield f"- Clients: {', '.join(_client(*both) for both in one.clients.items())}"
            yield ""


def _kcp(modules: tuple[str, ...] | None) -> str:
    if modules is None:
        return "not said"
    return ", ".join(f"`{module}`" for module in modules) or "no"


def _client(name: str, ways: list[str]) -> str:
    return name if len(ways) > 1 else f"{name} ({ways[0]} only)"


def _choices(tests: Iterable[Test]) -> Iterator[str]:
    choices = [test for test in tests if test.name.startswith("test_choice_")]
    if choices:
        yield CHOICES
        yield from (f"- {test.says} `{test.file}::{test.name}`" for test in choices)
        yield ""


if __name__ == "__main__":
    main()
