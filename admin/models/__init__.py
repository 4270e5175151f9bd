"""The nouns: one aggregate a file. Importing this package maps every table."""

from admin.models.audit_entry import AuditEntry
from admin.models.base import Base, db, in_transaction, lock, transaction
from admin.models.cash_receipt import CashReceipt
from admin.models.customer import BillingKey, Customer
from admin.models.delivery_batch import DeliveryBatch, DeliveryBatchRow
from admin.models.escrow_order import Delivery, EscrowDecision, EscrowOrder
from admin.models.export import ColumnChoice, Export, ExportMark
from admin.models.gateway_binding import GatewayBinding, GatewayCircuit, GatewayToken
from admin.models.holiday import Holiday
from admin.models.inquiry import Inquiry, InquiryEntry
from admin.models.job import Job
from admin.models.note import Note, NoteMention
from admin.models.observation import Observation
from admin.models.operation import Approval, Closure, MoneyOperation, OperationAttempt
from admin.models.operator import Operator, OperatorRole, SignInSession
from admin.models.order import LineItem, Order
from admin.models.order_import import OrderImport, OrderImportRow, OrderMapping
from admin.models.order_source import OrderSource
from admin.models.payment import Payment, PaymentCancellation
from admin.models.payment_day import PaymentDay, Span, TimeBasis
from admin.models.payment_request import PaymentRequest
from admin.models.reconciliation import Discrepancy, ReconciliationRun
from admin.models.refund_batch import RefundBatch, RefundBatchRow
from admin.models.refund_rules import RefundLimit, RefundReason
from admin.models.saved_view import SavedView, Watch, WatchPoint
from admin.models.sync_window import SyncWindow
from admin.models.text_index import PaymentText
from admin.models.webhook_event import WebhookEvent

__all__ = [
    "Approval",
    "AuditEntry",
    "Base",
    "BillingKey",
    "CashReceipt",
    "Closure",
    "ColumnChoice",
    "Customer",
    "Delivery",
    "DeliveryBatch",
    "DeliveryBatchRow",
    "Discrepancy",
    "EscrowDecision",
    "EscrowOrder",
    "Export",
    "ExportMark",
    "GatewayBinding",
    "GatewayCircuit",
    "GatewayToken",
    "Holiday",
    "Inquiry",
    "InquiryEntry",
    "Job",
    "LineItem",
    "MoneyOperation",
    "Note",
    "NoteMention",
    "Observation",
    "OperationAttempt",
    "Operator",
    "OperatorRole",
    "Order",
    "OrderImport",
    "OrderImportRow",
    "OrderMapping",
    "OrderSource",
    "Payment",
    "PaymentCancellation",
    "PaymentDay",
    "PaymentRequest",
    "PaymentText",
    "ReconciliationRun",
    "RefundBatch",
    "RefundBatchRow",
    "RefundLimit",
    "RefundReason",
    "SavedView",
    "SignInSession",
    "Span",
    "SyncWindow",
    "TimeBasis",
    "Watch",
    "WatchPoint",
    "WebhookEvent",
    "db",
    "in_transaction",
    "lock",
    "transaction",
]
