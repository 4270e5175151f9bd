"""The composition root: settings, database, gateway, guards and blueprints put together."""

from __future__ import annotations

from pathlib import Path

import httpx
import sqlalchemy as sa
from flask import Flask
from flask_migrate import Migrate

from admin.accounts import setup as accounts_setup
from admin.accounts.views import bp as accounts_bp
from admin.audit import trail
from admin.audit.views import bp as audit_bp
from admin.checkout.views import bp as checkout_bp
from admin.cli import register_commands
from admin.config import Settings, SettingsError
from admin.customers.card_views import bp as cards_bp
from admin.customers.key_views import bp as billing_keys_bp
from admin.customers.views import bp as customers_bp
from admin.dashboard import shell
from admin.dashboard.health import bp as health_bp
from admin.dashboard.views import bp as dashboard_bp
from admin.delivery_batches.views import bp as delivery_batches_bp
from admin.domain.clock import utc_now
from admin.escrow_orders.views import bp as escrow_orders_bp
from admin.exports.check_views import bp as export_checks_bp
from admin.exports.views import bp as exports_bp
from admin.gateway.client import Gateway
from admin.gateway.settings import GatewaySettings
from admin.holidays.views import bp as holidays_bp
from admin.inquiries.views import bp as inquiries_bp
from admin.jobs.queue import JobQueue
from admin.jobs.service import install_hand_over
from admin.jobs.views import bp as jobs_bp
from admin.jobs.worker import run_job
from admin.models import GatewayBinding, db
from admin.models.engine import (
    MENDED_SQLITE,
    driver_url,
    engine_options,
    prepare,
    sqlite_library,
    sqlite_sentence,
)
from admin.operations.binding import bind
from admin.operations.second_views import bp as second_person_bp
from admin.operations.views import bp as operations_bp
from admin.order_imports.views import bp as order_imports_bp
from admin.orders.api_views import bp as order_api_bp
from admin.orders.source_views import bp as order_sources_bp
from admin.orders.views import bp as orders_bp
from admin.payment_requests.views import bp as payment_requests_bp
from admin.payments.column_views import bp as payment_columns_bp
from admin.payments.views import bp as payments_bp
from admin.reconciliation.views import bp as reconciliation_bp
from admin.refund_batches.views import bp as refund_batches_bp
from admin.refund_rules.views import bp as refund_rules_bp
from admin.refunds.views import bp as refunds_bp
from admin.reports.views import bp as reports_bp
from admin.saved_views.views import bp as saved_views_bp
from admin.search.views import bp as search_bp
from admin.watches.views import bp as watches_bp
from admin.web import (
    access,
    assets,
    errors,
    filters,
    i18n,
    keys,
    labels,
    logging,
    navigation,
    security,
)
from admin.web.circuit_store import DatabaseCircuitStore
from admin.web.environment import PageEnvironment
from admin.web.token_store import DatabaseTokenStore
from admin.webhooks.views import bp as webhooks_bp

ROOT = Path(__file__).parent.parent

BLUEPRINTS = (
    dashboard_bp,
    health_bp,
    payments_bp,
    payment_columns_bp,
    orders_bp,
    order_imports_bp,
    order_sources_bp,
    order_api_bp,
    refunds_bp,
    refund_batches_bp,
    refund_rules_bp,
    operations_bp,
    second_person_bp,
    customers_bp,
    billing_keys_bp,
    cards_bp,
    escrow_orders_bp,
    payment_requests_bp,
    checkout_bp,
    delivery_batches_bp,
    holidays_bp,
    reconciliation_bp,
    inquiries_bp,
    reports_bp,
    exports_bp,
    export_checks_bp,
    search_bp,
    saved_views_bp,
    watches_bp,
    webhooks_bp,
    accounts_bp,
    audit_bp,
    jobs_bp,
)


def build_app(
    settings: Settings | None = None, *, transport: httpx.BaseTransport | None = None
) -> Flask:
    """Build one application. `transport` replaces the network of the gateway in tests."""
    settings = settings or Settings.from_env()
    _check_sqlite(settings)
    logging.configure(settings)
    app = Flask(__name__, root_path=str(ROOT), static_folder="static", template_folder="templates")
    app.jinja_environment = PageEnvironment  # type: ignore[assignment]
    app.extensions["settings"] = settings
    _open_database(app, settings)
    _connect_gateway(app, settings, transport)
    logging.install(app)
    security.install(app, settings)
    accounts_setup.install(app, settings)
    access.install(app)
    i18n.install(app)
    errors.install(app)
    for part in (assets, filters, keys, labels, navigation):
        part.init_app(app)
    shell.install(app)
    trail.install(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    _connect_queue(app, settings)
    register_commands(app)
    _bind(app, settings)
    return app


def _bind(app: Flask, settings: Settings) -> None:
    """Tie the database to its gateway, or stop the start; before the first migration, neither."""
    with app.app_context():
        try:
            if sa.inspect(db.engine).has_table(GatewayBinding.__tablename__):
                gateway = app.extensions["gateway"]
                bind(gateway, include_sandbox=settings.include_sandbox, now=utc_now())
        finally:
            db.session.remove()
            db.engine.dispose()  # a web server may fork from here; nobody inherits a connection


def _check_sqlite(settings: Settings) -> None:
    """Several processes write: a library that can corrupt the WAL then is not started with."""
    if settings.is_sqlite and sqlite_library() < MENDED_SQLITE:
        raise SettingsError([f"The SQLite library is too old: {sqlite_sentence()}"])


def _open_database(app: Flask, settings: Settings) -> None:
    app.config["SQLALCHEMY_DATABASE_URI"] = driver_url(settings.database_url)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings.database_url)
    db.init_app(app)
    with app.app_context():
        prepare(db.engine)
    Migrate(app, db, directory=str(ROOT / "migrations"), render_as_batch=True)


def _connect_gateway(app: Flask, settings: Settings, transport: httpx.BaseTransport | None) -> None:
    account = GatewaySettings(
        settings.gateway_url,
        settings.gateway_key,
        settings.gateway_secret,
        settings.include_sandbox,
    )
    with app.app_context():
        tokens = DatabaseTokenStore(db.engine, account.key_fingerprint)
        circuit = DatabaseCircuitStore(db.engine, account.key_fingerprint)
    app.extensions["gateway"] = Gateway(
        account, token_store=tokens, circuit_store=circuit, transport=transport
    )


def _connect_queue(app: Flask, settings: Settings) -> None:
    def run(job_id: int) -> None:
        with app.app_context():
            run_job(job_id)

    queue = JobQueue(settings.huey_url, run)
    app.extensions["queue"] = queue
    with app.app_context():
        install_hand_over(queue.push)
    queue.close()  # as with the database: nothing open is inherited by a fork
