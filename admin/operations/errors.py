"""What can stop an operation before anything is sent."""

from admin.domain.errors import N_, Conflict, DomainError
from admin.gateway.errors import GatewayPaused


class OperationInProgress(Conflict):
    """Another operation on the same thing has no known outcome yet."""

    message = N_(
        "%(who)s already started an operation on this payment at %(time)s, "
        "and its outcome is still open. Nothing was sent."
    )

    def __init__(self, operation_id: str, **values: object) -> None:
        self.operation_id = operation_id
        super().__init__(None, **values)


class KeyInProgress(OperationInProgress):
    """Another operation on the same billing key has no known outcome yet."""

    message = N_(
        "%(who)s already started an operation on this billing key at %(time)s, "
        "and its outcome is still open. Nothing was sent."
    )


class GatewayNotAnswering(DomainError):
    """The gateway has stopped answering, so no operation is begun."""

    message = GatewayPaused.sentence


class OutcomeNotRecorded(DomainError):
    """The database failed after the intent was written; what it holds cannot even be read."""

    message = N_(
        "The database failed while this was under way. It may have been sent: look at the "
        "operations before you try again."
    )


class WrongGateway(DomainError):
    """Something recorded for one gateway was about to be sent to, or judged by, another."""

    message = N_(
        "This was recorded for another gateway or another key, so it is neither sent nor judged "
        "here."
    )
