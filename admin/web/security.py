"""Headers, nonce, CSRF, cross-site refusal, trusted hosts and rate limits."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import cache

from flask import Flask, Response, abort, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf import CSRFProtect
from secure import (
    ContentSecurityPolicy,
    CrossOriginOpenerPolicy,
    CrossOriginResourcePolicy,
    PermissionsPolicy,
    ReferrerPolicy,
    Secure,
    StrictTransportSecurity,
    XContentTypeOptions,
)
from werkzeug.middleware.proxy_fix import ProxyFix

from admin.config import Settings

csrf = CSRFProtect()
limiter = Limiter(get_remote_address, default_limits=[], headers_enabled=False)

MOST_BYTES = 512 * 1024  # of a request body; nothing larger than a long text is sent here
MOST_FORM_BYTES = MOST_BYTES
MOST_FORM_PARTS = 200
NONCE = "NONCE"  # where the nonce of a response goes in its policy
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def install(app: Flask, settings: Settings) -> None:
    """Set up everything that guards the application as a whole."""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=MOST_BYTES,
        MAX_FORM_MEMORY_SIZE=MOST_FORM_BYTES,
        MAX_FORM_PARTS=MOST_FORM_PARTS,
        TRUSTED_HOSTS=list(settings.trusted_hosts),
        WTF_CSRF_TIME_LIMIT=None,  # the token lives as long as the session
        WTF_CSRF_SSL_STRICT=False,  # our Referrer-Policy sends none; Sec-Fetch-Site is checked
        RATELIMIT_STORAGE_URI=settings.ratelimit_url,
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,  # without Redis each process counts by itself
        RATELIMIT_ENABLED=not settings.testing,
    )
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=0, x_prefix=0
        )
    csrf.init_app(app)
    limiter.init_app(app)
    app.before_request(_refuse_foreign)
    app.before_request(_refuse_zero)
    app.after_request(_Headers(secure_cookies=settings.secure_cookies))
    app.jinja_env.globals["csp_nonce"] = csp_nonce


def csp_nonce() -> str:
    """The nonce of this response; another one for every response."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def _refuse_foreign() -> None:
    """The host is ours (S43), and another site never makes a browser change something here."""
    _ = request.host  # raises 400 when the host is not trusted, also where nothing reads it
    if request.method in SAFE_METHODS:
        return
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        abort(403)


def _refuse_zero() -> None:
    """No address of ours holds a zero character, and PostgreSQL takes none in a text."""
    values = (request.path, *(value for _, value in request.args.items(multi=True)))
    if any("\x00" in value for value in values):
        abort(400)


def common_headers(*, secure_cookies: bool) -> dict[str, str]:
    """What every answer carries, errors and static files included."""
    hsts = StrictTransportSecurity().max_age(31536000 * 2).include_subdomains()
    headers = Secure(
        xcto=XContentTypeOptions(),
        referrer=ReferrerPolicy().no_referrer(),
        coop=CrossOriginOpenerPolicy().same_origin(),
        corp=CrossOriginResourcePolicy().same_origin(),
        permissions=PermissionsPolicy().geolocation().camera().microphone().payment(),
        hsts=hsts if secure_cookies else None,
    )
    return dict(headers.headers)


def allow_window(sources: Sequence[str]) -> None:
    """Let the present response, and no other, load the payment window's script and frames."""
    g.window_sources = tuple(sources)


class _Headers:
    """Sets the security headers of every response that passes through Flask."""

    def __init__(self, *, secure_cookies: bool) -> None:
        self._common = common_headers(secure_cookies=secure_cookies)

    def __call__(self, response: Response) -> Response:
        headers = {**self._common, **_policy(g.get("window_sources", ()))}
        for name, value in headers.items():
            response.headers[name] = value.replace(NONCE, csp_nonce())
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return response


@cache
def _policy(window: tuple[str, ...]) -> dict[str, str]:
    """The policy of pages that may load from these sources besides ours, with NONCE in it.

    Putting it together takes longer than putting a nonce into it.
    """
    policy = (
        ContentSecurityPolicy()
        .default_src("'none'")
        .script_src("'self'", f"'nonce-{NONCE}'", *window)
        .style_src("'self'", *window)
        .img_src("'self'", "data:", *window)
        .font_src("'self'")
        .connect_src("'self'", *window)
        .form_action("'self'", *window)
        .base_uri("'none'")
        .object_src("'none'")
        .frame_ancestors("'none'")
    )
    return dict(Secure(csp=policy.frame_src(*window) if window else policy).headers)
