"""Who may do what. A role is a set of permissions; every endpoint names the one it needs."""

from enum import Enum

from admin.domain.errors import N_


class Permission(Enum):
    """One thing a person may be allowed to do: `noun.verb`."""

    DASHBOARD_READ = "dashboard.read"
    PAYMENTS_READ = "payments.read"
    PAYMENTS_CHECK = "payments.check"
    PAYMENTS_EXPORT = "payments.export"
    EXPORTS_UNMASKED = "exports.unmasked"
    EXPORTS_REVOKE = "exports.revoke"
    NOTES_WRITE = "notes.write"
    REFUNDS_READ = "refunds.read"
    REFUNDS_CREATE = "refunds.create"
    REFUNDS_BULK = "refunds.bulk"
    REFUNDS_APPROVE = "refunds.approve"
    REFUNDS_RULES = "refunds.rules"
    OPERATIONS_READ = "operations.read"
    OPERATIONS_CLOSE = "operations.close"
    CUSTOMERS_READ = "customers.read"
    CHARGES_CREATE = "charges.create"
    KEYS_DELETE = "billing_keys.delete"
    REQUESTS_READ = "payment_requests.read"
    REQUESTS_CREATE = "payment_requests.create"
    ESCROW_READ = "escrow.read"
    DELIVERIES_CREATE = "deliveries.create"
    ESCROW_DECIDE = "escrow.decide"
    HOLIDAYS_MANAGE = "holidays.manage"
    RECONCILIATION_READ = "reconciliation.read"
    RECONCILIATION_RUN = "reconciliation.run"
    INQUIRIES_READ = "inquiries.read"
    INQUIRIES_WRITE = "inquiries.write"
    REPORTS_READ = "reports.read"
    REPORTS_EXPORT = "reports.export"
    VIEWS_MANAGE = "views.manage"
    AUDIT_READ = "audit.read"
    JOBS_READ = "jobs.read"
    JOBS_RUN = "jobs.run"
    OWN_PROFILE = "profile.own"


class Role(Enum):
    """A fixed role. Its sentence stands beside it wherever a role is given."""

    VIEWER = "viewer"
    SUPPORT = "support"
    FINANCE = "finance"
    MANAGER = "manager"
    ADMIN = "admin"


_VIEWER = frozenset(
    {
        Permission.DASHBOARD_READ,
        Permission.PAYMENTS_READ,
        Permission.REFUNDS_READ,
        Permission.OPERATIONS_READ,
        Permission.ESCROW_READ,
        Permission.REQUESTS_READ,
        Permission.INQUIRIES_READ,
        Permission.REPORTS_READ,
        Permission.OWN_PROFILE,
    }
)
_SUPPORT = _VIEWER | {
    Permission.PAYMENTS_CHECK,
    Permission.NOTES_WRITE,
    Permission.REFUNDS_CREATE,
    Permission.CUSTOMERS_READ,
    Permission.DELIVERIES_CREATE,
    Permission.ESCROW_DECIDE,
    Permission.REQUESTS_CREATE,
    Permission.INQUIRIES_WRITE,
}
_FINANCE = _SUPPORT | {
    Permission.PAYMENTS_EXPORT,
    Permission.REFUNDS_BULK,
    Permission.OPERATIONS_CLOSE,
    Permission.CHARGES_CREATE,
    Permission.KEYS_DELETE,
    Permission.RECONCILIATION_READ,
    Permission.RECONCILIATION_RUN,
    Permission.REPORTS_EXPORT,
    Permission.JOBS_READ,
}
_MANAGER = _FINANCE | {
    Permission.EXPORTS_UNMASKED,
    Permission.EXPORTS_REVOKE,
    Permission.REFUNDS_APPROVE,
    Permission.REFUNDS_RULES,
    Permission.HOLIDAYS_MANAGE,
    Permission.VIEWS_MANAGE,
    Permission.AUDIT_READ,
    Permission.JOBS_RUN,
}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.SUPPORT: _SUPPORT,
    Role.FINANCE: _FINANCE,
    Role.MANAGER: _MANAGER,
    Role.ADMIN: frozenset(Permission),
}

SENTENCES: dict[Role, str] = {
    Role.VIEWER: N_("Can look at payments, refunds, escrow orders, inquiries and reports."),
    Role.SUPPORT: N_("Can also find customers, answer inquiries, refund and register deliveries."),
    Role.FINANCE: N_("Can also charge billing keys, refund by the list, reconcile and export."),
    Role.MANAGER: N_("Can also approve refunds, set limits, read the audit trail and start jobs."),
    Role.ADMIN: N_("Can do everything, people included."),
}


def may(role: Role, permission: Permission) -> bool:
    """Whether `role` carries `permission`."""
    return permission in PERMISSIONS[role]
