"""What to show of the audit trail."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm

from admin.audit.queries import AuditFilter
from admin.web.fields import TextField


class AuditSearchForm(FlaskForm):
    """Bound to the query string."""

    class Meta:
        csrf = False  # a GET form changes nothing

    actor = TextField(_l("Who"))
    action = TextField(_l("Action"))
    subject = TextField(_l("On what"))

    def to_filter(self) -> AuditFilter:
        """The filter; a field with an error is left out."""
        self.validate()
        usable = {
            name: field.data or "" for name, field in self._fields.items() if not field.errors
        }
        return AuditFilter(**usable)
