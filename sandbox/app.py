"""Puts a sandbox together: state, seed, operations, control plane."""

from flask import Flask

from sandbox import (
    again,
    auth,
    balance,
    cancel,
    codes,
    customers,
    escrow,
    onetime,
    payments,
    prepare,
    receipts,
    schedule_lists,
    schedules,
    vbanks,
)
from sandbox.clock import Clock
from sandbox.config import SandboxConfig
from sandbox.control import control_blueprint
from sandbox.envelope import register_errors
from sandbox.execution import register_execution
from sandbox.gatekeeper import register_gatekeeper
from sandbox.paths import RawPaths, SegmentConverter
from sandbox.seeding import seed_if_new
from sandbox.state import Sandbox
from sandbox.store import Store
from sandbox.webhooks import WebhookSender
from sandbox.window import page as window_page
from sandbox.window import sdk as window_sdk


def create_app(config: SandboxConfig | None = None) -> Flask:
    """Open the store, seed it when it is new, and return the WSGI application."""
    config = config or SandboxConfig()
    parts = _assemble(config)

    app = Flask("sandbox", static_folder=None)
    app.extensions["sandbox"] = parts
    app.url_map.converters["segment"] = SegmentConverter
    # Several published clients end their paths with a slash, and get an answer all the same.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    for module in (
        auth,
        payments,
        balance,
        cancel,
        prepare,
        onetime,
        again,
        schedules,
        schedule_lists,
        customers,
        escrow,
        vbanks,
        receipts,
        codes,
        window_sdk,
        window_page,
    ):
        app.register_blueprint(module.bp)
    app.register_blueprint(control_blueprint())
    register_execution(app)
    register_gatekeeper(app)
    register_errors(app)
    app.wsgi_app = RawPaths(app.wsgi_app)  # type: ignore[method-assign]
    return app


def _assemble(config: SandboxConfig) -> Sandbox:
    store = Store(config.data)
    try:
        seed_if_new(store, config)
    except BaseException:
        store.close()
        raise
    # A setting changed over the control plane outlives a restart; the command line's holds
    # until then.
    clock = Clock(shift=store.setting("clock_shift", 0), skew=store.setting("clock_skew", 0))
    webhooks = WebhookSender(
        url=store.setting("webhook_url", config.webhook_url),
        clock=clock,
        as_form=store.setting("webhook_form", config.webhook_form),
        random_seed=config.random_seed,
    )
    return Sandbox(config=config, store=store, clock=clock, webhooks=webhooks)
