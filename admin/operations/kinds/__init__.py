"""The kinds of operation, one file each: how it is sent, looked up and judged, what it changes."""

from admin.domain.operation import OperationKind
from admin.operations.kinds.base import Kind
from admin.operations.kinds.charge import Charge
from admin.operations.kinds.delivery import DeliveryRegistration
from admin.operations.kinds.key_delete import KeyDelete
from admin.operations.kinds.key_issue import KeyIssue
from admin.operations.kinds.prepare import Prepare
from admin.operations.kinds.refund import Refund
from admin.operations.kinds.schedule import Schedule
from admin.operations.kinds.unschedule import Unschedule

KINDS: dict[OperationKind, Kind] = {
    OperationKind.REFUND: Refund(),
    OperationKind.CHARGE: Charge(),
    OperationKind.DELIVERY: DeliveryRegistration(),
    OperationKind.KEY_ISSUE: KeyIssue(),
    OperationKind.KEY_DELETE: KeyDelete(),
    OperationKind.SCHEDULE: Schedule(),
    OperationKind.UNSCHEDULE: Unschedule(),
    OperationKind.PREPARE: Prepare(),
}
