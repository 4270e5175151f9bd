"""The published clients of the gateway that the tests drive: each as its registry hands it out.

A Python client has a virtual environment of its own, since its requirements are not ours; those
for Node share one folder. Everything is pinned by hash under `tests/clients/locks/`.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from scripts.environment import (
    ROOT,
    CannotPrepare,
    alone,
    ask,
    fingerprint,
    install,
    last_lines,
    make_venv,
    step,
)

FOLDER = ROOT / ".clients"
LOCKS = ROOT / "tests" / "clients" / "locks"
PYTHON_CLIENTS = ("iamport-rest-client", "iamporter")
NODE_LOCKS = (LOCKS / "npm" / "package.json", LOCKS / "npm" / "package-lock.json")
NODE_MODULES = FOLDER / "npm" / "node_modules"
_STAMP = ".installed"


def main() -> int:
    """Install them by hand, for a single run of `pytest -m clients`."""
    node, npm = find_node(), find_npm()
    if not (node and npm):
        print("The published clients need Node and npm.", file=sys.stderr)
        return 1
    try:
        prepare(node, npm)
    except CannotPrepare as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def find_node() -> str | None:
    return shutil.which("node")


def find_npm() -> str | None:
    return shutil.which("npm")


def python_of(client: str) -> Path:
    """The interpreter that can import `client`."""
    return FOLDER / client / "bin" / "python"


def prepare(node: str, npm: str) -> None:
    """Make `.clients` hold exactly what the locks name. Raises CannotPrepare.

    Needs the registries only when a lock has changed; later starts work offline.
    """
    FOLDER.mkdir(exist_ok=True)
    with alone(FOLDER / ".preparing"):
        for client in PYTHON_CLIENTS:
            _prepare_python(client)
        _prepare_node(node, npm)


def _prepare_python(client: str) -> None:
    folder, lock = FOLDER / client, LOCKS / f"{client}.txt"
    make_venv(folder)
    wanted = fingerprint(python_of(client), lock)
    if _stands(folder, wanted):
        return
    with step(f"Installing {client} from PyPI"):
        install(python_of(client), lock)
    _stamp(folder, wanted)


def _prepare_node(node: str, npm: str) -> None:
    folder = NODE_MODULES.parent
    wanted = fingerprint(Path(node), *NODE_LOCKS)
    if _stands(folder, wanted):
        return
    folder.mkdir(exist_ok=True)
    for lock in NODE_LOCKS:
        shutil.copyfile(lock, folder / lock.name)
    with step("Installing the clients for Node from npm"):
        # None of them needs to run anything in order to be installed.
        done = ask(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)
    if done.returncode:
        raise CannotPrepare("The clients for Node could not be installed.\n" + last_lines(done))
    _stamp(folder, wanted)


def _stands(folder: Path, wanted: str) -> bool:
    stamp = folder / _STAMP
    return stamp.exists() and stamp.read_text(encoding="ascii") == wanted


def _stamp(folder: Path, wanted: str) -> None:
    (folder / _STAMP).write_text(wanted, encoding="ascii")


if __name__ == "__main__":
    sys.exit(main())
