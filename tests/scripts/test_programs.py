"""./test names what is missing, and fills `.clients` once."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import clients, environment, test


def test_node_and_npm_are_among_the_programs_that_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = test._find_programs()
    assert isinstance(missing, list)
    assert {"chromium", "redis-server", "nodejs", "npm"} <= set(missing)


def test_without_apt_the_command_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(test.CannotTest) as refused:
        test.install(["nodejs", "npm"])
    assert "sudo apt-get install -y --no-install-recommends nodejs npm" in str(refused.value)


def test_a_lock_is_known_by_its_content_and_its_interpreter(tmp_path: Path) -> None:
    lock, python, other = tmp_path / "lock", tmp_path / "python", tmp_path / "other"
    lock.write_text("iamporter==0.2.4", encoding="ascii")
    before = environment.fingerprint(python, lock)
    assert environment.fingerprint(other, lock) != before
    lock.write_text("iamporter==0.2.5", encoding="ascii")
    assert environment.fingerprint(python, lock) != before


@pytest.mark.parametrize("client", clients.PYTHON_CLIENTS)
def test_every_python_client_has_a_lock_of_its_own(client: str) -> None:
    assert (clients.LOCKS / f"{client}.txt").exists()
