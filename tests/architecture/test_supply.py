"""S87: every package and every vendored file is pinned to its content."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from .source import ROOT

LOCKS = ("requirements.txt", "requirements-dev.txt")
VENDORED = [
    file.parent
    for file in (ROOT / "static/vendor/VENDOR.json", ROOT / "tests/vendor/VENDOR.json")
    if file.exists()
]
CLIENT_LOCKS = sorted((ROOT / "tests/clients/locks").glob("*.txt"))
NODE_LOCK = ROOT / "tests/clients/locks/npm/package-lock.json"
PINNED = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*(\[[a-z0-9,_-]+\])?==\S+")


def requirements(lock: str) -> list[str]:
    """Each requirement with its continuation lines, comments apart."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    lines = [
        line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]
    return re.split(r"\n(?=\S)", "\n".join(lines))


@pytest.mark.parametrize("lock", LOCKS)
def test_security_s87_every_requirement_is_pinned_and_hashed(lock: str) -> None:
    wanted = requirements(lock)
    assert len(wanted) > 20
    assert_pinned(wanted)


def assert_pinned(wanted: list[str]) -> None:
    for requirement in wanted:
        assert PINNED.match(requirement), requirement[:80]
        assert "--hash=sha256:" in requirement, requirement[:80]


@pytest.mark.parametrize("lock", CLIENT_LOCKS, ids=lambda path: path.stem)
def test_security_s87_a_published_client_is_pinned_and_hashed(lock: Path) -> None:
    wanted = requirements(lock.relative_to(ROOT).as_posix())
    assert any(requirement.startswith(f"{lock.stem}==") for requirement in wanted)
    assert_pinned(wanted)


def test_security_s87_published_clients_for_node_come_from_the_registry_by_hash() -> None:
    packages = json.loads(NODE_LOCK.read_text(encoding="utf-8"))["packages"]
    wanted = {name: package for name, package in packages.items() if name}
    assert {"node_modules/iamporter", "node_modules/iamport-rest-client-nodejs"} <= set(wanted)
    for name, package in wanted.items():
        assert package["integrity"].startswith("sha512-"), name
        assert package["resolved"].startswith("https://registry.npmjs.org/"), name


def test_security_s87_the_tools_agree_with_the_runtime() -> None:
    """The tests run what ships: both locks pin the same versions."""
    pins = []
    for lock in LOCKS:
        heads = (requirement.split()[0] for requirement in requirements(lock))
        pins.append(dict(head.split("==") for head in heads))
    runtime, tools = pins
    assert {name: version for name, version in tools.items() if name in runtime} == runtime


def test_security_s87_packages_are_installed_by_hash_only() -> None:
    text = (ROOT / "scripts/environment.py").read_text(encoding="utf-8")
    assert '"--require-hashes"' in text


@pytest.mark.parametrize("folder", VENDORED, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_security_s87_every_vendored_file_is_listed_with_its_content(folder: Path) -> None:
    packages = json.loads((folder / "VENDOR.json").read_text(encoding="utf-8"))["packages"]
    listed = {name: digest for package in packages for name, digest in package["sha256"].items()}
    for package in packages:
        assert package["version"], package["folder"]
        assert package["licence"], package["folder"]
    present = {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file() and file.name != "VENDOR.json" and file.suffix not in (".gz", ".br")
    }
    assert present == listed
