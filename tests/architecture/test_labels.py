"""Every state a page can show has a word, a tone and a glyph that exists."""

from __future__ import annotations

import importlib
import pkgutil
from enum import Enum

import pytest

import admin.domain
import admin.models
from admin.web.labels import LABELS

TONES = {"green", "grey", "amber", "red", "blue"}


def enums() -> list[type[Enum]]:
    """Every enumeration of the rules and of the tables."""
    found: set[type[Enum]] = set()
    for package in (admin.domain, admin.models):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            loaded = importlib.import_module(module.name)
            found |= {
                value
                for value in vars(loaded).values()
                if isinstance(value, type)
                and issubclass(value, Enum)
                and value.__module__ == loaded.__name__
            }
    return sorted(found, key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", enums(), ids=lambda kind: kind.__name__)
def test_every_member_has_a_label_with_a_known_tone(kind: type[Enum]) -> None:
    assert [member.name for member in kind if member not in LABELS] == []
    for member in kind:
        assert LABELS[member].tone in TONES, member
        assert str(LABELS[member]), member


def test_the_half_circle_belongs_to_the_unknown_outcome_alone() -> None:
    halves = {member.name for member, label in LABELS.items() if label.glyph == "half"}
    assert halves <= {"SENDING", "UNKNOWN", "HUMAN", "MISMATCH"}
