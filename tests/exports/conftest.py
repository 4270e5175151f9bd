"""What the tests of exports share."""

from __future__ import annotations

from datetime import timedelta

import pytest

from admin.exports import writing
from admin.exports.files import ExportFolder
from admin.exports.tasks import export_folder
from tests.payments.trade import a_payment, failed, refunded, take_in

HOUR = timedelta(hours=1)
PEOPLE = {"buyer_tel": "010-1234-4821", "buyer_email": "doyun@mail.example"}


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seams between batches and reports, with few rows."""
    monkeypatch.setattr(writing, "BATCH", 7)
    monkeypatch.setattr(writing, "REPORT_EVERY", 10)


@pytest.fixture
def folder(app: object) -> ExportFolder:
    """The folder of files, empty."""
    place = export_folder()
    for one in place.path.glob("*"):
        one.unlink()
    return place


@pytest.fixture
def shop(small_batches, stand_in, gateway, now) -> None:
    """Forty payments; every third has something given back, one never came."""
    rows = [
        refunded(number, now - HOUR, 4_000, **PEOPLE)
        if number % 3 == 0
        else a_payment(number, now - HOUR - timedelta(minutes=number), **PEOPLE)
        for number in range(1, 40)
    ]
    take_in(stand_in, gateway, *rows, failed(40, now - HOUR), now=now)
