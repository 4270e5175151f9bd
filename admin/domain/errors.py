"""What can be wrong, as a sentence for the screen.

An error carries an English sentence as message id and its named values; `web.errors`
translates it where it is shown. `N_` only marks the sentence for the extractor.

    DomainError
    ├── NotFound            the thing does not exist                     404
    ├── NotAllowed          the actor may not do this                    403
    ├── InvalidInput        a value a person can mend                    422
    ├── Conflict            the world moved since the person looked      409
    └── Busy                nothing was sent; try again shortly          503
"""


def N_(message: str) -> str:  # noqa: N802 - the extractor's conventional name
    """Mark `message` for translation and return it unchanged."""
    return message


class DomainError(Exception):
    """A rule said no. `message` is a message id with %(named)s places for `values`."""

    message = N_("That is not possible.")

    def __init__(self, message: str | None = None, /, **values: object) -> None:
        self.message = message or type(self).message
        self.values = values
        super().__init__(self.message % values if values else self.message)


class NotFound(DomainError):
    """The thing asked for does not exist."""

    message = N_("We could not find that.")


class NotAllowed(DomainError):
    """The actor lacks the right to do this."""

    message = N_("You may not do that.")


class InvalidInput(DomainError):
    """A value that the person who typed it can mend. `field` names the form field, if one."""

    def __init__(self, message: str | None = None, field: str = "", **values: object) -> None:
        self.field = field
        super().__init__(message, **values)


class Conflict(DomainError):
    """The world moved since the person looked."""

    message = N_("This changed while you were looking. Look again before you go on.")


class Busy(DomainError):
    """Nothing was sent. The same thing may be tried again shortly."""

    message = N_("Busy right now. Nothing was sent; try again in a moment.")
