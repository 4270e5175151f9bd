"""Makes docs/faults.md: each fault the money is held against, and the tests that prove it.

The tests are read as text. A test belongs to a fault by its own name, `test_fault_f24_…`, or by the
name of one of its cases.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from scripts.environment import ROOT

PAGE = ROOT / "docs" / "faults.md"
TESTS = ROOT / "tests"
CODE = re.compile(r"fault_f(\d\d)")

HEAD = """\
# Faults

What may go wrong between a decision about money and its outcome, and what proves that it is
survived: at most one effect, no outcome lost, no screen that claims more than is known. Made by
`.venv/bin/python -m tests.faults_page`; not edited by hand.
"""

FAULTS = {
    1: "A charge takes longer than we wait, and is made after we have gone",
    2: "A charge is made, and the connection breaks before its answer",
    3: "A write is lost before it has an effect",
    4: "Nobody listens at the gateway's address",
    5: "The gateway's name cannot be resolved",
    6: "The certificate is of another host, or has ended",
    7: "500 after the effect",
    8: "A page of HTML where an answer should be",
    9: "The gateway answers 503 again and again",
    10: "The gateway asks for patience (429)",
    11: "The access token ends amid a write",
    12: "Our credentials are refused for good",
    13: "Twenty processes whose token ends at one moment",
    14: "An answer shorter than it says it is",
    15: "An answer cut short that does not say how long it is",
    16: "An answer that is no answer: broken JSON, nothing, a list, not a number",
    17: "An answer that drips byte by byte",
    18: "A redirect to another host",
    19: "A charge that is answered well and was declined",
    20: "The answer speaks of another amount",
    21: "The answer speaks of another order",
    22: "The answer holds half a won",
    23: "Two paid payments under one order number",
    24: "A refund is made, and its answer is lost",
    25: "A refund is lost while a colleague cancels the same amount in the gateway's console",
    26: "Somebody else's refund comes between our look and our sending",
    27: "Two people refund one payment at the same moment",
    28: "One form is sent many times",
    29: "A form is left open over another refund",
    30: "What is typed is no amount",
    31: "An amount is changed after its approval",
    32: "The web process is killed, at each of six places of a decision",
    33: "A worker is killed with many operations in hand",
    34: "Two workers are started by mistake",
    35: "Processes are killed amid their commits, again and again",
    36: "The disk is full when a decision is written",
    37: "The disk is full when an outcome is written",
    38: "Another program keeps the database locked",
    39: "What a transaction read is stale by the time it writes",
    40: "A long download beside a busy shop",
    41: "No webhook arrives",
    42: "A webhook arrives a thousand times",
    43: "Webhooks arrive out of order",
    44: "A webhook is forged",
    45: "Forged webhooks arrive in a flood",
    46: "Webhooks in every form, size and coding",
    47: "A webhook amid the walk over the same payment",
    48: "A replica of the gateway lags behind",
    49: "Payments arrive and change while a list is paged",
    50: "A list ends early, shrinks, or holds fewer rows than asked for",
    51: "The gateway's clock is off; midnights and leap days",
    52: "Our own clock jumps",
    53: "A schedule runs while somebody revokes it",
    54: "Schedules are revoked with none chosen",
    55: "A billing key is issued, and the answer is lost",
    56: "A billing key with schedules on it is deleted",
    57: "A delivery is registered behind a lost answer, or was before",
    58: "Redis is gone",
    59: "PostgreSQL restarts while an outcome is written",
    60: "PostgreSQL ends a transaction over a deadlock",
    61: "A migration is killed half-way",
    62: "A backup is taken under load and restored",
    63: "A backup of hours ago is restored",
    64: "A settlement file differs from the books",
    65: "The sender of mail dies between sending and saying so",
    66: "Slow look-ups and slow money calls pile up",
    67: "The server gives a process up amid a money call",
    68: "A deploy amid a money call",
}
NO_TEST = {
    64: "settlement files are not read yet",
    65: "no mail is sent yet",
}


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """The whole text of the page."""
    return "\n".join([HEAD, *_rows(proofs()), ""])


def proofs() -> dict[int, list[str]]:
    """The tests of each fault, as `file::test`."""
    found: dict[int, set[str]] = defaultdict(set)
    for path in sorted(TESTS.rglob("test_*.py")):
        for code, test in _codes(path):
            found[code].add(f"{path.relative_to(TESTS)}::{test}")
    return {code: sorted(tests) for code, tests in found.items()}


def _codes(path: Path) -> Iterator[tuple[int, str]]:
    text = path.read_text(encoding="utf-8")
    if not CODE.search(text):
        return
    tree = ast.parse(text, filename=str(path))
    cases = {
        target.id: _texts(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    for function in [*tree.body, *(node for one in classes for node in one.body)]:
        if isinstance(function, ast.FunctionDef) and function.name.startswith("test_"):
            named = [function.name]
            for decorator in function.decorator_list:
                named += _texts(decorator)
                for node in ast.walk(decorator):
                    if isinstance(node, ast.Name):
                        named += cases.get(node.id, [])
            for code in CODE.findall(" ".join(named)):
                yield int(code), function.name


def _texts(tree: ast.AST) -> list[str]:
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def _rows(proved: dict[int, list[str]]) -> Iterator[str]:
    yield f"{len(proved)} of {len(FAULTS)} faults are proved.\n"
    for code, fault in FAULTS.items():
        yield f"## F{code:02} {fault}\n"
        if code in NO_TEST:
            yield f"No test: {NO_TEST[code]}."
        yield from (f"- `{test}`" for test in proved.get(code, []))
        yield ""


if __name__ == "__main__":
    main()
