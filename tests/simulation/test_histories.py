"""Two thousand seeded histories of the money protocol, and that a seed tells one story only."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.simulation.history import tell
from tests.simulation.office import opened_office
from tests.simulation.runner import Order, explain, run

pytestmark = pytest.mark.simulation

HISTORIES = 2_000
STEPS = 60
JOBS = 2


def test_money_is_safe_in_every_history() -> None:
    for _, failed in run(Order(1, HISTORIES, STEPS), jobs=JOBS):
        assert failed is None, explain(failed)


def test_a_seed_always_tells_the_same_story() -> None:
    with opened_office() as office:
        stories = [tell(seed, office=office, steps=STEPS).story for seed in (7, 8, 7)]
    assert stories[0] == stories[2]
    assert stories[0] != stories[1]
    code = (
        "from tests.simulation.history import tell; "
        "from tests.simulation.office import opened_office\n"
        f"with opened_office() as office: print(*tell(7, office=office, steps={STEPS}).story)"
    )
    elsewhere = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert elsewhere.stdout.split() == " ".join(stories[0]).split()
