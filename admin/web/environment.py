"""Jinja for pages of many components."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from flask.templating import Environment


class PageEnvironment(Environment):
    """Gives templates the globals as they are.

    Jinja lays a map of the template's own over them, which is empty here and which every import of
    a component goes through name by name: a twentieth of a small page.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The names every template knows, under those of this template if it has any."""
        return super().make_globals(d) if d else self.globals
