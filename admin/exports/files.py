"""The folder of the files: readable for us alone, names nobody can guess, never half a file."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedRandom
from pathlib import Path

from admin.domain.export import ROW_PRINT, ExportKind, Prints

TOKEN_BYTES = 24
_OURS = re.compile(rf"([0-9a-f]{{{TOKEN_BYTES * 2}}})\.(?:csv|xlsx|(?:prints\.)?\d+\.part)")


@dataclass(frozen=True, slots=True)
class ExportFolder:
    """Where the files lie. Prints stay when a file is gone: by them a copy is checked."""

    path: Path

    @contextmanager
    def part(self, token: str, attempt: int) -> Iterator[BufferedRandom]:
        """A file being written, gone again unless it is published before this ends."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        part, prints = self._part(token, attempt), self._prints_part(token, attempt)
        part.unlink(missing_ok=True)
        try:
            with os.fdopen(_create(part), "w+b") as file:
                yield file
        finally:
            part.unlink(missing_ok=True)
            prints.unlink(missing_ok=True)

    def keep(self, file: BufferedRandom, token: str, attempt: int, prints: Prints) -> str:
        """Bring the written part to the disk with its prints; returns the prints' SHA-256."""
        file.flush()
        os.fsync(file.fileno())
        head = json.dumps({"headings": prints.headings, "rows": prints.count})
        content = head.encode() + b"\n" + bytes(prints.rows) + bytes(prints.blocks)
        place = self._prints_part(token, attempt)
        place.unlink(missing_ok=True)
        with os.fdopen(_create(place), "wb") as beside:
            beside.write(content)
            beside.flush()
            os.fsync(beside.fileno())
        return hashlib.sha256(content).hexdigest()

    def publish(self, token: str, attempt: int, kind: ExportKind) -> None:
        """Give what was kept its name."""
        self._prints_part(token, attempt).replace(self._prints(token))
        self._part(token, attempt).replace(self.file(token, kind))
        self._settle()

    def file(self, token: str, kind: ExportKind) -> Path:
        """Where the finished file lies."""
        return self.path / f"{token}.{kind.value}"

    def prints(self, token: str, sha256: str) -> Prints | None:
        """The prints of a file; None when they are lost or are not what was kept."""
        try:
            content = self._prints(token).read_bytes()
        except FileNotFoundError:
            return None
        if hashlib.sha256(content).hexdigest() != sha256:
            return None
        head, _, body = content.partition(b"\n")
        facts = json.loads(head)
        size = facts["rows"] * ROW_PRINT
        return Prints(facts["headings"], bytearray(body[:size]), bytearray(body[size:]))

    def forget(self, token: str, kind: ExportKind) -> None:
        """Delete the file; its prints stay."""
        self.file(token, kind).unlink(missing_ok=True)

    def strays(self, known: set[str]) -> list[Path]:
        """Files of which no ready export knows: of a crash between a file and its row.

        Only what is named as we name files: somebody may have set a folder with files of theirs.
        """
        if not self.path.is_dir():
            return []
        found = [(one, _OURS.fullmatch(one.name)) for one in self.path.iterdir()]
        return [one for one, name in found if name is not None and name[1] not in known]

    def _part(self, token: str, attempt: int) -> Path:
        return self.path / f"{token}.{attempt}.part"

    def _prints_part(self, token: str, attempt: int) -> Path:
        return self.path / f"{token}.prints.{attempt}.part"

    def _prints(self, token: str) -> Path:
        return self.path / f"{token}.prints"

    def _settle(self) -> None:
        """The names of the folder are on the disk, too."""
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _create(path: Path) -> int:
    """A new file for our eyes alone; never one that somebody put there."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
