"""The word, the tone and the glyph of every state a page shows.

Tones: green = paid, matched, done; grey = ended without effect; amber = waiting, not yet
certain; red = money left us or someone must act; blue = scheduled, informational. The half
circle belongs to the unknown outcome alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from flask import Flask
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from admin.domain.approval import ApprovalCause, ClosureClaim, SecondWord
from admin.domain.batch import BatchState, RowState
from admin.domain.delivery_batch import ParcelResult
from admin.domain.escrow import Decision, EscrowState, Evidence, Stage
from admin.domain.export import CheckVerdict, ExportKind, ExportState
from admin.domain.inquiry import InquiryChannel, InquiryEntryKind, InquiryState
from admin.domain.job import JobLane, JobState
from admin.domain.money import Currency
from admin.domain.operation import OperationKind, OperationState, SettledBy
from admin.domain.order_input import OrderField
from admin.domain.order_intake import ImportRowState, ImportState, OrderOrigin, TakenAs
from admin.domain.payment import PaymentState, PaymentStatus, PayMethod, Standing
from admin.domain.payment_request import RequestState, RequestTab
from admin.domain.payment_window import RequestKind
from admin.domain.permissions import Permission, Role
from admin.domain.reconciliation.kinds import DiscrepancyKind, Severity
from admin.domain.reconciliation.records import BookedStatus
from admin.domain.refund import RefundRoute
from admin.domain.schedule import ScheduleState
from admin.domain.search.clues import ClueKind
from admin.domain.search.problems import ProblemKind
from admin.domain.search.query import Compare, Field, StatusWord
from admin.domain.watch import Measure, Side
from admin.domain.webhook import WebhookState
from admin.models.payment_day import Span, TimeBasis
from admin.models.reconciliation import DiscrepancyState, RunState


@dataclass(frozen=True, slots=True)
class Label:
    """How one state is shown. `quiet`: the ordinary state, without a ground."""

    text: LazyString | str
    tone: str = "grey"
    glyph: str = ""
    quiet: bool = False

    @property
    def classes(self) -> str:
        """The badge's class attribute."""
        return f"badge badge--{self.tone}" + (" badge--quiet" if self.quiet else "")

    def __str__(self) -> str:
        return str(self.text)


def _plain(text: LazyString) -> Label:
    """A word that needs no tone of its own."""
    return Label(text, "grey", "", quiet=True)


LABELS: dict[Enum, Label] = {
    PaymentState.OPENED: Label(_l("Not finished"), "grey", "clock"),
    PaymentState.AWAITING: Label(_l("Awaiting"), "amber", "clock"),
    PaymentState.EXPIRED: Label(_l("Expired"), "grey", "clock-off"),
    PaymentState.FAILED: Label(_l("Failed"), "grey", "x"),
    PaymentState.PAID: Label(_l("Paid"), "green", "check", quiet=True),
    PaymentState.PART_REFUNDED: Label(_l("Part refund"), "red", "arrow-back-up"),
    PaymentState.REFUNDED: Label(_l("Refunded"), "red", "arrow-back-up"),
    PaymentState.CANCELLED: Label(_l("Ended unpaid"), "grey", "x"),
    PaymentStatus.READY: Label(_l("Awaiting"), "amber", "clock"),
    PaymentStatus.FAILED: Label(_l("Failed"), "grey", "x"),
    PaymentStatus.PAID: Label(_l("Paid"), "green", "check", quiet=True),
    PaymentStatus.CANCELLED: Label(_l("Cancelled"), "red", "arrow-back-up"),
    PayMethod.CARD: _plain(_l("Card")),
    PayMethod.TRANS: _plain(_l("Transfer")),
    PayMethod.VBANK: _plain(_l("Virtual acct")),
    PayMethod.PHONE: _plain(_l("Phone bill")),
    PayMethod.SAMSUNG: _plain(_l("Samsung Pay")),
    PayMethod.PAYCO: _plain(_l("PAYCO")),
    PayMethod.KAKAOPAY: _plain(_l("KakaoPay")),
    PayMethod.NAVERPAY: _plain(_l("Naver Pay")),
    PayMethod.TOSSPAY: _plain(_l("Toss Pay")),
    PayMethod.LPAY: _plain(_l("L.PAY")),
    PayMethod.SSGPAY: _plain(_l("SSG Pay")),
    PayMethod.APPLEPAY: _plain(_l("Apple Pay")),
    PayMethod.POINT: _plain(_l("Points")),
    PayMethod.CULTURELAND: _plain(_l("Culture voucher")),
    PayMethod.SMARTCULTURE: _plain(_l("Smart Culture voucher")),
    PayMethod.HAPPYMONEY: _plain(_l("Happy Money voucher")),
    PayMethod.BOOKNLIFE: _plain(_l("Book & Life voucher")),
    OperationState.NEEDS_APPROVAL: Label(_l("Awaiting approval"), "amber", "clock"),
    OperationState.READY: Label(_l("About to send"), "amber", "clock"),
    OperationState.SENDING: Label(_l("Sending"), "amber", "half"),
    OperationState.UNKNOWN: Label(_l("Checking"), "amber", "half"),
    OperationState.ACCEPTED: Label(_l("Accepted"), "blue", "calendar-event"),
    OperationState.HUMAN: Label(_l("Needs a person"), "red", "user-question"),
    OperationState.MISMATCH: Label(_l("Differs from request"), "red", "alert-triangle"),
    OperationState.SUCCEEDED: Label(_l("Done"), "green", "check", quiet=True),
    OperationState.SUCCEEDED_LATE: Label(_l("Done late"), "green", "check", quiet=True),
    OperationState.FAILED: Label(_l("Refused"), "grey", "x"),
    OperationState.NOT_EXECUTED: Label(_l("Not sent"), "grey", "ban"),
    OperationState.REJECTED: Label(_l("Stopped before sending"), "grey", "ban"),
    OperationState.EXPIRED: Label(_l("Not sent in time"), "grey", "clock-off"),
    OperationKind.REFUND: _plain(_l("Refund")),
    OperationKind.CHARGE: _plain(_l("Billing-key charge")),
    OperationKind.KEY_IN: _plain(_l("Card payment typed here")),
    OperationKind.DELIVERY: _plain(_l("Delivery registration")),
    OperationKind.KEY_ISSUE: _plain(_l("Storing a card")),
    OperationKind.KEY_DELETE: _plain(_l("Billing-key deletion")),
    OperationKind.SCHEDULE: _plain(_l("Scheduling a charge")),
    OperationKind.UNSCHEDULE: _plain(_l("Taking a schedule back")),
    OperationKind.PREPARE: _plain(_l("Registering an amount")),
    ScheduleState.SCHEDULED: Label(_l("Scheduled"), "blue", "calendar-event"),
    ScheduleState.RAN: Label(_l("Ran, result not told"), "grey", "clock"),
    ScheduleState.PAID: Label(_l("Paid"), "green", "check", quiet=True),
    ScheduleState.FAILED: Label(_l("Failed"), "grey", "x"),
    ScheduleState.CANCELLED: Label(_l("Cancelled"), "red", "arrow-back-up"),
    ScheduleState.REVOKED: Label(_l("Taken back"), "grey", "ban"),
    SettledBy.RESPONSE: _plain(_l("By the gateway's answer")),
    SettledBy.LOOKUP: _plain(_l("By looking it up")),
    SettledBy.HUMAN: _plain(_l("Closed by two people")),
    SettledBy.LOCAL: _plain(_l("Decided before sending")),
    RefundRoute.ORIGINAL: _plain(_l("Back the way it came")),
    RefundRoute.ACCOUNT: _plain(_l("To a bank account")),
    ApprovalCause.PER_REFUND: _plain(_l("Above the limit for one refund")),
    ApprovalCause.PER_DAY: _plain(_l("Above this person's limit for a day")),
    ApprovalCause.SHOP_PER_DAY: _plain(_l("Above the shop's limit for a day")),
    ApprovalCause.OWN_CHARGE: _plain(_l("Charged by the same person")),
    ApprovalCause.BATCH: _plain(_l("Many refunds at once")),
    SecondWord.AWAITED: Label(_l("Awaiting approval"), "amber", "clock"),
    SecondWord.AGREED: Label(_l("Approved"), "green", "check", quiet=True),
    SecondWord.DECLINED: Label(_l("Declined"), "grey", "x"),
    SecondWord.WITHDRAWN: Label(_l("Withdrawn"), "grey", "x"),
    SecondWord.VOID: Label(_l("Void: something changed"), "grey", "ban"),
    SecondWord.EXPIRED: Label(_l("Not approved in time"), "grey", "clock-off"),
    ClosureClaim.HAPPENED: _plain(_l("It happened")),
    ClosureClaim.DID_NOT_HAPPEN: _plain(_l("It did not happen")),
    BatchState.REHEARSED: Label(_l("Rehearsed, nothing sent"), "blue", "list-check"),
    BatchState.NEEDS_APPROVAL: Label(_l("Awaiting approval"), "amber", "clock"),
    BatchState.RUNNING: Label(_l("Being sent"), "amber", "refresh"),
    BatchState.STOPPED: Label(_l("Stopped"), "grey", "ban"),
    BatchState.DONE: Label(_l("Done"), "green", "check", quiet=True),
    BatchState.DROPPED: Label(_l("Not sent"), "grey", "x"),
    RowState.BLOCKED: Label(_l("Cannot go"), "red", "alert-triangle"),
    RowState.WAITING: Label(_l("Waiting its turn"), "grey", "clock"),
    RowState.STARTED: _plain(_l("Asked for")),
    RowState.REFUSED: Label(_l("Refused by a rule"), "grey", "ban"),
    ParcelResult.GOES: Label(_l("Would be registered"), "blue", "package"),
    ParcelResult.ASKS: Label(_l("Only when ticked"), "amber", "alert-triangle"),
    ParcelResult.REGISTERED: Label(_l("Registered"), "green", "truck-delivery", quiet=True),
    ParcelResult.SAME_HELD: Label(_l("Was registered already, the same"), "green", "check"),
    ParcelResult.OTHER_HELD: Label(_l("Another parcel is registered"), "red", "alert-triangle"),
    ParcelResult.UNKNOWN: Label(_l("Checking"), "amber", "half"),
    ParcelResult.NOT_REGISTERED: Label(_l("Not registered"), "grey", "x"),
    EscrowState.AWAITING_DEPOSIT: Label(_l("Awaiting deposit"), "amber", "clock"),
    EscrowState.TO_SHIP: Label(_l("To ship"), "amber", "package"),
    EscrowState.SHIPPED: Label(_l("Shipped"), "green", "truck-delivery", quiet=True),
    EscrowState.CONFIRMED: Label(_l("Purchase confirmed"), "green", "circle-check"),
    EscrowState.DENIED: Label(_l("Purchase denied"), "red", "ban"),
    EscrowState.RETURNED: Label(_l("Returned"), "red", "arrow-back-up", quiet=True),
    EscrowState.REFUNDED: Label(_l("Refunded"), "red", "arrow-back-up"),
    EscrowState.ENDED: Label(_l("Ended unpaid"), "grey", "x"),
    RequestKind.PAYMENT: _plain(_l("Payment")),
    RequestKind.CARD: _plain(_l("Card registration")),
    RequestState.PREPARING: Label(_l("Being set up"), "amber", "clock"),
    RequestState.NOT_PREPARED: Label(_l("Not set up"), "red", "alert-triangle"),
    RequestState.OPEN: Label(_l("Link open"), "blue", "clock"),
    RequestState.AWAITING: Label(_l("Awaiting deposit"), "amber", "clock"),
    RequestState.PAID: Label(_l("Paid"), "green", "check", quiet=True),
    RequestState.GIVEN_BACK: Label(_l("Refunded"), "red", "arrow-back-up"),
    RequestState.STORED: Label(_l("Card registered"), "green", "check", quiet=True),
    RequestState.DIFFERS: Label(_l("Differs from request"), "red", "alert-triangle"),
    RequestState.EXPIRED: Label(_l("Expired"), "grey", "clock-off"),
    RequestState.REVOKED: Label(_l("Taken back"), "grey", "ban"),
    RequestTab.OPEN: _plain(_l("Open")),
    RequestTab.DONE: _plain(_l("Done")),
    RequestTab.ENDED: _plain(_l("Ended")),
    Stage.ON_THE_WAY: _plain(_l("On the way")),
    Stage.ARRIVED: _plain(_l("Awaiting the buyer")),
    Stage.DUE: _plain(_l("Confirmation due")),
    Decision.CONFIRMED: _plain(_l("The buyer confirmed the purchase")),
    Decision.DENIED: _plain(_l("The buyer denied the purchase")),
    Decision.AUTOMATIC: _plain(_l("Confirmed automatically")),
    Decision.UNDECIDED: _plain(_l("Not decided after all")),
    Evidence.BUYER: _plain(_l("The buyer told us")),
    Evidence.NOTICE: _plain(_l("KCP notice TX02")),
    Evidence.KCP_ADMIN: _plain(_l("Seen in KCP's admin")),
    Evidence.AFTER_ARRIVAL: _plain(_l("3 business days after arrival")),
    Evidence.AFTER_REGISTRATION: _plain(_l("6 business days after the registration")),
    InquiryState.OPEN: Label(_l("Awaiting answer"), "amber", "clock"),
    InquiryState.ANSWERED: Label(_l("Answered"), "green", "check", quiet=True),
    InquiryState.CLOSED: Label(_l("Closed"), "grey", "check", quiet=True),
    InquiryChannel.PHONE: _plain(_l("Phone")),
    InquiryChannel.EMAIL: _plain(_l("Email")),
    InquiryChannel.CHAT: _plain(_l("Chat")),
    InquiryChannel.BOARD: _plain(_l("Board")),
    InquiryEntryKind.ANSWER: _plain(_l("Answer")),
    InquiryEntryKind.NOTE: _plain(_l("Note")),
    JobState.QUEUED: Label(_l("Waiting"), "grey", "clock"),
    JobState.RUNNING: Label(_l("Running"), "blue", "refresh"),
    JobState.DONE: Label(_l("Done"), "green", "check", quiet=True),
    JobState.FAILED: Label(_l("Failed"), "red", "alert-triangle"),
    JobLane.MONEY: _plain(_l("Money")),
    JobLane.GENERAL: _plain(_l("General")),
    ExportKind.XLSX: _plain(_l("Excel")),
    ExportKind.CSV: _plain(_l("CSV")),
    ExportState.QUEUED: Label(_l("Waiting"), "grey", "clock"),
    ExportState.WRITING: Label(_l("Being written"), "blue", "refresh"),
    ExportState.READY: Label(_l("Ready"), "green", "check", quiet=True),
    ExportState.CANCELLED: Label(_l("Stopped"), "grey", "ban"),
    ExportState.FAILED: Label(_l("Not made"), "red", "alert-triangle"),
    ExportState.EXPIRED: Label(_l("Deleted"), "grey", "clock-off"),
    ExportState.REVOKED: Label(_l("Revoked"), "red", "ban"),
    CheckVerdict.UNCHANGED: Label(_l("Ours and unchanged"), "green", "check"),
    CheckVerdict.SAVED_AGAIN: Label(_l("Saved again, every cell as it was"), "green", "check"),
    CheckVerdict.REORDERED: Label(_l("The same rows in another order"), "amber", "refresh"),
    CheckVerdict.CHANGED: Label(_l("Ours, but changed"), "red", "alert-triangle"),
    CheckVerdict.UNKNOWN: Label(_l("Not known here"), "grey", "x"),
    Severity.CRITICAL: Label(_l("Critical"), "red"),
    Severity.HIGH: Label(_l("High"), "amber"),
    Severity.MEDIUM: Label(_l("Medium"), "grey"),
    Severity.LOW: Label(_l("Low"), "grey"),
    DiscrepancyKind.MISSING_OURS: _plain(_l("Not in our books")),
    DiscrepancyKind.MISSING_THEIRS: _plain(_l("Not at the gateway")),
    DiscrepancyKind.PAID_TWICE: _plain(_l("One order paid twice")),
    DiscrepancyKind.ORDER_NUMBER_DIFFERS: _plain(_l("Order number differs")),
    DiscrepancyKind.AMOUNT_DIFFERS: _plain(_l("Amount differs")),
    DiscrepancyKind.CANCELLED_DIFFERS: _plain(_l("Cancelled sum differs")),
    DiscrepancyKind.ITEMS_DO_NOT_ADD_UP: _plain(_l("Items do not add up")),
    DiscrepancyKind.OURS_PAID_THEIRS_CANCELLED: _plain(_l("Cancelled at the gateway only")),
    DiscrepancyKind.OURS_CANCELLED_THEIRS_PAID: _plain(_l("Cancelled by us only")),
    DiscrepancyKind.OURS_OPEN_THEIRS_PAID: _plain(_l("Paid without our knowing")),
    DiscrepancyKind.PART_REFUND_UNSEEN: _plain(_l("Part refund missing")),
    DiscrepancyKind.THEIRS_CONTRADICTS_ITSELF: _plain(_l("Gateway contradicts itself")),
    BookedStatus.READY: Label(_l("Awaiting"), "amber", "clock"),
    BookedStatus.PAID: Label(_l("Paid"), "green", "check", quiet=True),
    BookedStatus.FAILED: Label(_l("Failed"), "grey", "x"),
    BookedStatus.CANCELLED: Label(_l("Cancelled"), "red", "arrow-back-up"),
    Currency.KRW: _plain(_l("KRW")),
    Currency.USD: _plain(_l("USD")),
    Currency.EUR: _plain(_l("EUR")),
    Currency.JPY: _plain(_l("JPY")),
    DiscrepancyState.OPEN: Label(_l("Open"), "amber", "alert-triangle"),
    DiscrepancyState.RESOLVED: Label(_l("Resolved"), "green", "check", quiet=True),
    RunState.RUNNING: Label(_l("Running"), "blue", "refresh"),
    RunState.DONE: Label(_l("Done"), "green", "check", quiet=True),
    RunState.INCOMPLETE: Label(_l("Incomplete"), "amber", "alert-triangle"),
    WebhookState.RECEIVED: Label(_l("Received"), "blue", "clock"),
    WebhookState.PROCESSED: Label(_l("Processed"), "green", "check", quiet=True),
    WebhookState.NOT_FOUND: Label(_l("No such payment"), "grey", "x"),
    WebhookState.UNREADABLE: Label(_l("Unreadable"), "grey", "x"),
    WebhookState.FAILED: Label(_l("Failed"), "red", "alert-triangle"),
    Role.VIEWER: _plain(_l("Viewer")),
    Role.SUPPORT: _plain(_l("Support")),
    Role.FINANCE: _plain(_l("Finance")),
    Role.MANAGER: _plain(_l("Manager")),
    Role.ADMIN: _plain(_l("Administrator")),
    Permission.DASHBOARD_READ: _plain(_l("See the dashboard")),
    Permission.PAYMENTS_READ: _plain(_l("See payments")),
    Permission.PAYMENTS_CHECK: _plain(_l("Look payments up at the gateway")),
    Permission.PAYMENTS_EXPORT: _plain(_l("Export payments")),
    Permission.EXPORTS_UNMASKED: _plain(_l("Export personal data unmasked")),
    Permission.EXPORTS_REVOKE: _plain(_l("Revoke exports")),
    Permission.NOTES_WRITE: _plain(_l("Write notes")),
    Permission.ORDERS_READ: _plain(_l("See orders")),
    Permission.ORDERS_IMPORT: _plain(_l("Bring orders in")),
    Permission.ORDER_SOURCES: _plain(_l("Give programs tokens for orders")),
    Permission.REFUNDS_READ: _plain(_l("See refunds")),
    Permission.REFUNDS_CREATE: _plain(_l("Refund")),
    Permission.REFUNDS_BULK: _plain(_l("Refund by the list")),
    Permission.REFUNDS_APPROVE: _plain(_l("Approve refunds")),
    Permission.REFUNDS_RULES: _plain(_l("Set reasons and limits of refunds")),
    Permission.OPERATIONS_READ: _plain(_l("See operations")),
    Permission.OPERATIONS_CLOSE: _plain(_l("Close what nobody could settle")),
    Permission.CUSTOMERS_READ: _plain(_l("See customers")),
    Permission.CHARGES_CREATE: _plain(_l("Charge billing keys")),
    Permission.CARDS_KEY_IN: _plain(_l("Type in cards")),
    Permission.KEYS_DELETE: _plain(_l("Delete billing keys")),
    Permission.REQUESTS_READ: _plain(_l("See payment requests")),
    Permission.REQUESTS_CREATE: _plain(_l("Compose payment requests")),
    Permission.ESCROW_READ: _plain(_l("See escrow orders")),
    Permission.DELIVERIES_CREATE: _plain(_l("Register deliveries")),
    Permission.ESCROW_DECIDE: _plain(_l("Record what buyers decided")),
    Permission.HOLIDAYS_MANAGE: _plain(_l("Keep the holidays")),
    Permission.RECONCILIATION_READ: _plain(_l("See reconciliation")),
    Permission.RECONCILIATION_RUN: _plain(_l("Run reconciliation")),
    Permission.INQUIRIES_READ: _plain(_l("See inquiries")),
    Permission.INQUIRIES_WRITE: _plain(_l("Work on inquiries")),
    Permission.REPORTS_READ: _plain(_l("See reports")),
    Permission.REPORTS_EXPORT: _plain(_l("Export reports")),
    Permission.VIEWS_MANAGE: _plain(_l("Change views that others share")),
    Permission.AUDIT_READ: _plain(_l("Read the audit trail")),
    Permission.JOBS_READ: _plain(_l("See jobs")),
    Permission.JOBS_RUN: _plain(_l("Start jobs")),
    Permission.OWN_PROFILE: _plain(_l("Own profile")),
    TimeBasis.REQUESTED: _plain(_l("Requested")),
    TimeBasis.APPROVED: _plain(_l("Approved")),
    TimeBasis.CANCELLED: _plain(_l("Cancelled")),
    Span.DAY: _plain(_l("Day")),
    Span.MONTH: _plain(_l("Month")),
    Field.STATUS: _plain(_l("Status")),
    Field.METHOD: _plain(_l("Pay method")),
    Field.AMOUNT: _plain(_l("Amount")),
    Field.CANCELLED: _plain(_l("Cancelled so far")),
    Field.REQUESTED: _plain(_l("Day requested")),
    Field.APPROVED: _plain(_l("Day approved")),
    Field.CANCELLED_ON: _plain(_l("Day cancelled")),
    Field.ORDER: _plain(_l("Order number")),
    Field.PAYMENT: _plain(_l("Payment id")),
    Field.APPROVAL: _plain(_l("Approval number")),
    Field.RECEIPT: _plain(_l("Cash receipt number")),
    Field.BUYER: _plain(_l("Buyer")),
    Field.PHONE: _plain(_l("Phone")),
    Field.EMAIL: _plain(_l("Email")),
    Field.ADDRESS: _plain(_l("Address")),
    Field.GOODS: _plain(_l("Goods")),
    Field.CARD: _plain(_l("Card number")),
    Field.ISSUER: _plain(_l("Card company")),
    Field.BANK: _plain(_l("Bank")),
    Field.VBANK: _plain(_l("Virtual account number")),
    Field.HOLDER: _plain(_l("Account holder")),
    Field.REASON: _plain(_l("Cancel reason")),
    Field.FAILURE: _plain(_l("Failure")),
    Field.CUSTOMER: _plain(_l("Billing key")),
    Field.MID: _plain(_l("Shop id (MID)")),
    Field.PG: _plain(_l("Payment provider")),
    Field.TID: _plain(_l("Transaction number")),
    Field.INSTALMENTS: _plain(_l("Instalments")),
    Field.ENVIRONMENT: _plain(_l("Live or test")),
    Field.ESCROW: _plain(_l("Escrow")),
    Compare.HOLDS: _plain(_l("contains")),
    Compare.IS: _plain(_l("is")),
    Compare.AT_LEAST: _plain(_l("at least")),
    Compare.AT_MOST: _plain(_l("at most")),
    Compare.MORE: _plain(_l("more than")),
    Compare.LESS: _plain(_l("less than")),
    Compare.BETWEEN: _plain(_l("between")),
    ProblemKind.UNKNOWN_FIELD: _plain(_l("There is no field called %(name)s.")),
    ProblemKind.UNKNOWN_VALUE: _plain(_l("%(field)s knows no %(value)s.")),
    ProblemKind.NO_VALUE: _plain(_l("%(field)s needs a value behind it.")),
    ProblemKind.NO_FIELD: _plain(_l("Say before %(value)s what to compare.")),
    ProblemKind.NOT_COMPARABLE: _plain(_l("%(field)s cannot be more or less; write a colon.")),
    ProblemKind.BAD_NUMBER: _plain(_l("%(value)s is no number that %(field)s could be.")),
    ProblemKind.BAD_DAY: _plain(_l("%(value)s is no day that %(field)s could be.")),
    ProblemKind.REVERSED_RANGE: _plain(_l("%(value)s ends before it begins.")),
    ProblemKind.UNCLOSED_QUOTE: _plain(_l("A quotation mark is not closed.")),
    ProblemKind.NO_OR: _plain(_l("All words of a search must hold; there is no “or” (%(value)s).")),
    ProblemKind.NEEDLESS_AND: _plain(_l("All words must hold anyway; leave %(value)s out.")),
    ProblemKind.MINUS_FOR_NOT: _plain(_l("Write a minus before a word instead of %(value)s.")),
    ProblemKind.CARD_NUMBER: _plain(
        _l("A card number cannot be searched for. Its last four digits can: card:1234")
    ),
    ProblemKind.TOO_LONG: _plain(_l("One value has at most %(most)s characters.")),
    ProblemKind.TOO_MANY: _plain(_l("A search has at most %(most)s conditions.")),
    Measure.COUNT: _plain(_l("Count")),
    Measure.SUM: _plain(_l("Net (KRW)")),
    Measure.AGE: _plain(_l("Age of the oldest (hours)")),
    Side.ABOVE: _plain(_l("above")),
    Side.BELOW: _plain(_l("below")),
    OrderField.ORDER_NUMBER: _plain(_l("Order number")),
    OrderField.ORDERED_AT: _plain(_l("Ordered at")),
    OrderField.ORDER_NAME: _plain(_l("Order name")),
    OrderField.BUYER_NAME: _plain(_l("Buyer's name")),
    OrderField.BUYER_EMAIL: _plain(_l("Buyer's email")),
    OrderField.BUYER_TEL: _plain(_l("Buyer's phone")),
    OrderField.CURRENCY: _plain(_l("Currency")),
    OrderField.PAY_METHOD: _plain(_l("Pay method")),
    OrderField.STATUS: _plain(_l("Status")),
    OrderField.AMOUNT: _plain(_l("Amount of the order")),
    OrderField.CANCELLED: _plain(_l("Amount given back")),
    OrderField.PAID_AT: _plain(_l("Paid at")),
    OrderField.IMP_UID: _plain(_l("Payment id")),
    OrderField.ESCROW: _plain(_l("Escrow")),
    OrderField.ITEM_NUMBER: _plain(_l("Item's order number")),
    OrderField.ITEM_NAME: _plain(_l("Item's name")),
    OrderField.ITEM_QUANTITY: _plain(_l("Quantity")),
    OrderField.ITEM_AMOUNT: _plain(_l("Amount of the item")),
    OrderOrigin.COMMAND_LINE: _plain(_l("Command line")),
    OrderOrigin.FILE: _plain(_l("File")),
    OrderOrigin.API: _plain(_l("Program")),
    OrderOrigin.REQUEST: _plain(_l("Payment request")),
    TakenAs.ADDED: Label(_l("Added"), "green", "check"),
    TakenAs.CHANGED: Label(_l("Changed"), "blue", "refresh"),
    TakenAs.UNCHANGED: Label(_l("Unchanged"), "grey", "", quiet=True),
    TakenAs.REFUSED: Label(_l("Refused"), "red", "alert-triangle"),
    ImportState.MATCHING: Label(_l("Columns to match"), "amber", "clock"),
    ImportState.JUDGING: Label(_l("Being judged"), "blue", "refresh"),
    ImportState.JUDGED: Label(_l("Ready to take"), "amber", "clock"),
    ImportState.TAKING: Label(_l("Being taken"), "blue", "refresh"),
    ImportState.DONE: Label(_l("Taken"), "green", "check"),
    ImportState.DROPPED: Label(_l("Thrown away"), "grey", "ban"),
    ImportRowState.WAITING: Label(_l("Waiting"), "grey", "clock"),
    ImportRowState.REFUSED: Label(_l("Refused"), "red", "alert-triangle"),
    ClueKind.PAYMENT: _plain(_l("Payment id")),
    ClueKind.ORDER: _plain(_l("Order number")),
    ClueKind.APPROVAL: _plain(_l("Approval number")),
    ClueKind.EMAIL: _plain(_l("Email")),
    ClueKind.PHONE: _plain(_l("Phone")),
    ClueKind.ACCOUNT: _plain(_l("Account number")),
    ClueKind.CARD_END: _plain(_l("Card's last digits")),
    ClueKind.AMOUNT: _plain(_l("Amount")),
    ClueKind.DAY: _plain(_l("Day")),
    ClueKind.MOMENT: _plain(_l("Time of day")),
    ClueKind.NAME: _plain(_l("Name")),
}

# The state of a payment whose newest operation has no known outcome yet.
OUTCOME_UNKNOWN = Label(_l("Checking"), "amber", "half")
# A standing and a word of the search language are called what the state is called.
LABELS |= {
    one: LABELS[PaymentState.AWAITING if one is Standing.WAITING else PaymentState(one.value)]
    for one in Standing
}
LABELS |= {
    one: OUTCOME_UNKNOWN if one is StatusWord.UNKNOWN else LABELS[PaymentState(one.value)]
    for one in StatusWord
}

JOBS: dict[str, LazyString] = {
    "payments.sync": _l("Walk over the gateway's payments"),
    "checkout.settle": _l("Look for registered cards"),
    "cash_receipts.collect": _l("Ask for the numbers of cash receipts"),
    "escrow_orders.look": _l("Look for deliveries"),
    "escrow_orders.confirm": _l("Confirm escrow orders by the rule"),
    "operations.sweep": _l("Look for unknown outcomes"),
    "webhooks.work": _l("Work off webhooks"),
    "accounts.forget_sessions": _l("Remove old sessions"),
    "exports.make": _l("Write an export"),
    "watches.evaluate": _l("Look at the watches"),
    "order_imports.judge": _l("Judge a file of orders"),
    "order_imports.take": _l("Take a file of orders in"),
    "order_imports.sweep": _l("Delete files of orders past their time"),
    "exports.sweep": _l("Delete exports past their time"),
}


def label_of(member: Enum) -> Label:
    """The label of an enum member. Raises KeyError for a member nobody has named yet."""
    return LABELS[member]


def method_label(value: str | None) -> str:
    """The name of a pay method as the gateway gives it; an unknown word stays as it is."""
    try:
        return str(LABELS[PayMethod(value)])
    except ValueError:
        return value or "\u2013"


def job_label(name: str) -> str:
    """What a job does; a name nobody has worded stays as it is."""
    return str(JOBS.get(name, name))


def init_app(app: Flask) -> None:
    """Give templates `state|label` and `method|method_label`."""
    app.add_template_filter(label_of, "label")
    app.add_template_filter(method_label)
    app.add_template_filter(job_label)
