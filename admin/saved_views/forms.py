"""A view's name and whether others see it."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField

from admin.saved_views.service import ViewCommand
from admin.web.fields import TextField


class ViewForm(FlaskForm):
    """What is kept stands in hidden fields as the list gave it; the service judges it."""

    list_name = HiddenField()
    query = HiddenField()
    name = TextField(_l("Name"))
    is_shared = BooleanField(_l("Everyone who may open the list sees it"))

    def to_command(self) -> ViewCommand:
        """The typed wish."""
        return ViewCommand(
            list_name=self.list_name.data or "",
            query=self.query.data or "",
            name=self.name.data or "",
            is_shared=self.is_shared.data,
        )
