"""The committed record of what the published clients reached is what they reach now."""

from __future__ import annotations

import pytest

from tests.clients.record import COMMITTED, SEEN, TAKE_OVER, Record

pytestmark = pytest.mark.clients


def test_the_record_is_what_this_run_saw(record: Record) -> None:
    SEEN.write_text(record.text(), encoding="utf-8")
    committed = COMMITTED.read_text(encoding="utf-8") if COMMITTED.exists() else ""
    assert committed == record.text(), f"If this run is right: {TAKE_OVER}"
