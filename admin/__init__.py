"""Jangbu: the back office of a shop that takes its money through I'mport and NHN KCP."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from admin.config import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application; imported late so that `domain` and `gateway` load without Flask."""
    from admin.app import build_app

    return build_app(settings)
