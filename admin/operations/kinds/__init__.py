"""The kinds of operation, one file each: how it is sent, looked up and judged, what it changes."""

from admin.domain.operation import OperationKind
from admin.operations.kinds.base import Kind
from admin.operations.kinds.charge import Charge
from admin.operations.kinds.delivery import DeliveryRegistration
from admin.operations.kinds.refund import Refund

KINDS: dict[OperationKind, Kind] = {
    OperationKind.REFUND: Refund(),
    OperationKind.CHARGE: Charge(),
    OperationKind.DELIVERY: DeliveryRegistration(),
}
