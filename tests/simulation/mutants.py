"""python -m tests.simulation.mutants: proof that the checker bites.

Each mutant is the program with one protection taken out, by exact replacement of text in a copy
of it. It must be caught by a history within MOST seeds, or else by the tests that it names. A
text that is no longer there exactly once ends the run: the mutant has to be written anew.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.simulation.protections import MUTANTS, Edit, Mutant

ROOT = Path(__file__).resolve().parents[2]
MOST = 150  # histories that a mutant may live through
JOBS = 2
# Loaded once, before the copies are: only `admin` differs from one mutant to the next.
LIBRARIES = (
    *("flask", "flask_migrate", "flask_security", "flask_sqlalchemy", "httpx", "msgspec"),
    *("pysqlite3.dbapi2", "pytest", "sqlalchemy.orm", "stamina", "greenlet", "ulid"),
)


class NoSuchText(Exception):
    """What a mutant replaces is not there exactly once."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one mutant. `killer` is empty if it lives."""

    name: str
    killer: str
    seconds: float


def main() -> int:
    wanted = _chosen(sys.argv[1:])
    for library in LIBRARIES:
        importlib.import_module(library)
    forks = multiprocessing.get_context("fork")
    width = max(len(MUTANTS[place].name) for place in wanted)
    lives = 0
    with forks.Pool(JOBS, maxtasksperchild=1) as pool:
        for outcome in pool.imap_unordered(try_out, wanted, chunksize=1):
            killer = outcome.killer or "LIVES"
            lives += not outcome.killer
            sys.stdout.write(f"{outcome.name:{width}}  {outcome.seconds:5.1f} s  {killer}\n")
            sys.stdout.flush()
    return 1 if lives else 0


def try_out(number: int) -> Outcome:
    """Build a mutant in a folder of its own and let the histories, or its tests, loose on it."""
    mutant = MUTANTS[number]
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="jangbu-mutant-") as name:
        folder = Path(name)
        _copy(folder)
        for edit in mutant.edits:
            _apply(edit, folder)
        sys.path.insert(0, name)
        sys.dont_write_bytecode = True
        os.chdir(folder)
        killer = _killed_by_tests(mutant) if mutant.tests else _killed_by_history(mutant)
    return Outcome(mutant.name, killer, time.monotonic() - began)


def _chosen(words: list[str]) -> list[int]:
    """The mutants whose names hold one of the words; all without words."""
    return [
        place
        for place, one in enumerate(MUTANTS)
        if not words or any(word in one.name for word in words)
    ]


def _copy(folder: Path) -> None:
    shutil.copytree(ROOT / "admin", folder / "admin", ignore=shutil.ignore_patterns("*.pyc"))
    for other in ROOT.iterdir():
        if other.name not in ("admin", ".git", ".pytest_cache", "var"):
            (folder / other.name).symlink_to(other)


def _apply(edit: Edit, folder: Path) -> None:
    path = folder / "admin" / edit.file
    text = path.read_text(encoding="utf-8")
    if text.count(edit.old) != 1:
        raise NoSuchText(f"{edit.file} holds {text.count(edit.old)} times:\n{edit.old}")
    path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")


def _killed_by_history(mutant: Mutant) -> str:
    from tests.simulation.runner import Order, run

    for _, failed in run(Order(mutant.first, MOST, 60), jobs=1):
        if failed is not None:
            return f"{failed.invariant} in history {failed.seed}"
    return ""


def _killed_by_tests(mutant: Mutant) -> str:
    """Its tests fail; those of one kind are quick enough to run them all."""
    import pytest

    with open(os.devnull, "w") as nowhere:
        sys.stdout, told = nowhere, sys.stdout
        code = pytest.main(["-q", "-x", "-n", "0", "-p", "no:cacheprovider", *mutant.tests])
        sys.stdout = told
    if code not in (0, 1):
        raise RuntimeError(f"the tests of “{mutant.name}” did not run")
    return f"{mutant.tests[0]}" if code else ""


if __name__ == "__main__":
    sys.exit(main())
