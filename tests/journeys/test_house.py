"""S64 and S59 in a whole installation: who can read its files, and what its processes show."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from tests.journeys.house import House

pytestmark = pytest.mark.browser  # shares the house of the journeys


def test_security_s64_every_file_and_folder_is_for_its_owner_alone(house: House) -> None:
    names = {path.name for path in house.data.rglob("*")}
    assert {"jangbu.db", "jangbu.db-wal", "huey.db", "secrets.env", "web.log"} <= names
    for path in (house.data, *house.data.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), f"{path} is {mode:o}"


def test_security_s59_no_secret_stands_on_a_command_line_or_in_a_log(house: House) -> None:
    lines = (house.data / "secrets.env").read_text(encoding="ascii").splitlines()
    secrets = [line.partition("=")[2].encode() for line in lines]
    assert len(secrets) == 2
    said = [house.said, *(house.data / "logs").iterdir()]
    commands = [one for one in Path("/proc").glob("[0-9]*/cmdline") if _is_ours(one, house)]
    assert len(commands) >= 3, "pages, worker and sandbox"
    for file in (*said, *commands):
        content = file.read_bytes()
        assert not any(secret in content for secret in secrets), file


def _is_ours(command: Path, house: House) -> bool:
    try:
        environment = (command.parent / "environ").read_bytes()
    except OSError:
        return False
    return bool(re.search(re.escape(str(house.data)).encode(), environment))
