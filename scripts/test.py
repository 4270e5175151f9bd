"""./test: everything that must hold, on both databases and in a real browser.

No suite is skipped because a part is missing: what can be installed with apt is installed, and
otherwise the command is named and the run fails.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts import clients, servers
from scripts.environment import PYTHON, ROOT, TOOLS, CannotPrepare, prepare, step

BIN = PYTHON.parent
# Suites that open no database: once is enough.
WITHOUT_DATABASE = (
    *("tests/domain", "tests/gateway", "tests/sandbox", "tests/scripts", "tests/simulation"),
    *(
        f"tests/architecture/test_{about}.py"
        for about in (
            "catalogs",
            "gateway_page",
            "house_style",
            "imports",
            "labels",
            "supply",
            "templates",
        )
    ),
)
# A worker for each core, each with a database and a sandbox of its own. The tests of one file stay
# together: they share what they set up.
SIDE_BY_SIDE = ("-n", "auto", "--dist", "loadfile")
# Two houses, each with a browser of its own: a journey mostly waits for its pages.
IN_CHROMIUM = ("tests/journeys", "tests/sandbox/browser")
JOURNEYS = (*IN_CHROMIUM, "-m", "browser", "-n", "2", "--dist", "loadfile")
HEADLESS = ("-m", "not browser and not clients and not simulation")
MUTANTS = "tests.simulation.mutants"
# Where suites write, and how much must be free there.
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of memory, and one of ours within it
ROOM = 4 * 1024**3
QUICK = ("-m", "not browser and not clients and not simulation and not slow")


class CannotTest(Exception):
    """One message about what is missing."""


class Stopped(Exception):
    """Somebody asked us to stop."""


def main(arguments: Sequence[str] | None = None) -> int:
    ours, theirs = split(sys.argv[1:] if arguments is None else list(arguments))
    options = read_options(ours)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        prepare(TOOLS)
        return quick(theirs) if options.quick else everything(theirs)
    except Stopped:
        return 130
    except (CannotTest, CannotPrepare, servers.NoServer) as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
        return 1


def split(given: list[str]) -> tuple[list[str], list[str]]:
    """Ours, and what stands after `--` for pytest."""
    if "--" not in given:
        return given, []
    place = given.index("--")
    return given[:place], given[place + 1 :]


def read_options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./test",
        usage="./test [--quick] [-- PYTEST ARGUMENTS]",
        description="Passes every test. What stands after -- goes to every run of pytest.",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="the inner loop: style and SQLite only, no browser, nothing installed with apt",
    )
    return parser.parse_args(arguments)


def quick(theirs: Sequence[str]) -> int:
    """Style and the fast tests, under a minute."""
    with temporary_files() as folder:
        env = environment({"TMPDIR": folder, "TEST_DATABASE": "sqlite"})
        return run_all(
            [
                ("Style", lambda: tool("ruff", "check", "--quiet", ".")),
                ("Fast tests", lambda: pytest(env, *SIDE_BY_SIDE, *QUICK, *theirs)),
            ]
        )


def everything(theirs: Sequence[str]) -> int:
    """Every check and every suite."""
    programs = demand_programs()
    clients.prepare(programs.node, programs.npm)
    with ExitStack() as opened:
        with step("Starting PostgreSQL and Redis"):
            shared = {
                "TEST_POSTGRES_URL": opened.enter_context(servers.postgres(programs.postgres)),
                "TEST_REDIS_URL": opened.enter_context(servers.redis(programs.redis)),
                "CHROMIUM": programs.chromium,
                "TMPDIR": opened.enter_context(temporary_files()),
            }
        sqlite = environment({**shared, "TEST_DATABASE": "sqlite"})
        # Whether a partly cancelled payment reads `cancelled` or stays `paid` is not settled: the
        # suite passes under both, one with each database.
        postgresql = environment(
            {**shared, "TEST_DATABASE": "postgresql", "TEST_PARTIAL_READING": "paid"}
        )
        again = [f"--ignore={folder}" for folder in WITHOUT_DATABASE]
        return run_all(
            [
                ("Style", lambda: tool("ruff", "check", ".")),
                ("Format", lambda: tool("ruff", "format", "--check", "--quiet", ".")),
                ("Types", lambda: tool("mypy")),
                ("Templates", lambda: tool("djlint", "templates", "--lint", "--quiet")),
                ("Tests on SQLite", lambda: pytest(sqlite, *SIDE_BY_SIDE, *HEADLESS, *theirs)),
                (
                    "Published clients",
                    lambda: pytest(sqlite, "tests/clients", "-m", "clients", *theirs),
                ),
                (
                    "Tests on PostgreSQL",
                    lambda: pytest(postgresql, *SIDE_BY_SIDE, *HEADLESS, *again, *theirs),
                ),
                (
                    "Histories of money",
                    lambda: pytest(sqlite, "tests/simulation", "-m", "simulation", *theirs),
                ),
                ("Mutants of the protocol", lambda: tool("python", "-m", MUTANTS)),
                ("Journeys in Chromium", lambda: pytest(sqlite, *JOURNEYS, *theirs)),
            ]
        )


def run_all(checks: Sequence[tuple[str, Callable[[], int]]]) -> int:
    """Run every check, also after one failed; 0 when all passed.

    Nothing is written after the last one: pytest's closing line stays the last.
    """
    failed: list[str] = []
    took = ""
    for name, check in checks:
        print(f"{took}\n== {name}", flush=True)
        began = time.monotonic()
        if check():
            failed.append(name)
        took = f"-- {name}: {time.monotonic() - began:.1f} s\n"
    if failed:
        print(f"{took}\nFailed: {', '.join(failed)}.", file=sys.stderr, flush=True)
    return 1 if failed else 0


@contextmanager
def temporary_files() -> Iterator[str]:
    """Where the suites write, in memory if there is room: nothing of it outlives the run, and a
    suite commits a hundred thousand times."""
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ROOM
    with tempfile.TemporaryDirectory(
        prefix="jangbu-test-", dir=MEMORY if roomy else None, ignore_cleanup_errors=True
    ) as folder:
        yield folder


def tool(name: str, *arguments: str) -> int:
    return subprocess.run([str(BIN / name), *arguments], cwd=ROOT, check=False).returncode


def pytest(env: Mapping[str, str], *arguments: str) -> int:
    command = [str(PYTHON), "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=ROOT, env=dict(env), check=False).returncode


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """The environment of a suite: nothing of ours from the shell, and no proxy for loopback."""
    ours = ("DATABASE_URL", "HUEY_URL", "GATEWAY_", "SECRET_KEY", "WEBHOOK_TOKEN", "FLASK_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "PYTHONHASHSEED": "random", **more}


@dataclass(frozen=True, slots=True)
class Programs:
    """What is not a Python package and the suites need all the same."""

    chromium: str
    postgres: Path  # the folder of its programs
    redis: str
    node: str
    npm: str


def demand_programs() -> Programs:
    """Find them, installing if need be and allowed. Raises CannotTest naming the exact command."""
    found = _find_programs()
    if isinstance(found, Programs):
        return found
    install(found)
    found = _find_programs()
    if isinstance(found, Programs):
        return found
    raise CannotTest(f"Still missing after the installation: {', '.join(found)}.")


def _find_programs() -> Programs | list[str]:
    """The programs, or the Debian packages that are missing."""
    chromium, postgres = servers.find_chromium(), servers.find_postgres()
    redis, node, npm = servers.find_redis(), clients.find_node(), clients.find_npm()
    if chromium and postgres and redis and node and npm:
        return Programs(chromium, postgres, redis, node, npm)
    wanted = {
        "chromium": chromium,
        "postgresql": postgres,
        "redis-server": redis,
        "nodejs": node,
        "npm": npm,
    }
    return [package for package, found in wanted.items() if not found]


def install(packages: Sequence[str]) -> None:
    """Install with apt as root or with a password-less sudo. Raises CannotTest."""
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    before = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or (before and not _may_sudo()):
        raise CannotTest(
            f"./test needs {', '.join(packages)} and may not install them. Run\n\n"
            f"    sudo {' '.join(command)}\n\nor the like of your system, then ./test again."
        )
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with step(f"Installing {', '.join(packages)}"):
        for part in (["apt-get", "update", "-qq"], command):
            done = subprocess.run(
                [*before, *part],
                env=env,
                capture_output=True,
                text=True,
                check=False,
                stdin=subprocess.DEVNULL,
            )
            if done.returncode and part is command:
                last = "\n".join(done.stderr.strip().splitlines()[-10:])
                raise CannotTest(f"{' '.join(command)} failed:\n{last}")


def _may_sudo() -> bool:
    sudo = shutil.which("sudo")
    if not sudo:
        return False
    return subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0


def _stop(*_: object) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise Stopped


if __name__ == "__main__":
    sys.exit(main())
