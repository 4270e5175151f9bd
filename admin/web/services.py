"""Typed access to what the composition root put into the application."""

from __future__ import annotations

from typing import cast

from flask import current_app
from flask_babel import gettext

from admin.config import Settings
from admin.gateway.client import Gateway
from admin.gateway.errors import GatewayPaused


def gateway() -> Gateway:
    """The one gateway of this installation."""
    return cast(Gateway, current_app.extensions["gateway"])


def gateway_pause() -> str:
    """Why nothing can be sent to the gateway just now, or "" while it answers."""
    return gettext(GatewayPaused.sentence) if gateway().is_paused else ""


def settings() -> Settings:
    """The settings this application was started with."""
    return cast(Settings, current_app.extensions["settings"])
