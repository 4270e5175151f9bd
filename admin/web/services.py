"""Typed access to what the composition root put into the application."""

from __future__ import annotations

from typing import cast

from flask import current_app

from admin.config import Settings
from admin.gateway.client import Gateway


def gateway() -> Gateway:
    """The one gateway of this installation."""
    return cast(Gateway, current_app.extensions["gateway"])


def settings() -> Settings:
    """The settings this application was started with."""
    return cast(Settings, current_app.extensions["settings"])
