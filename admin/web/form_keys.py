"""One decision, one row: the key minted with a form, and what its reader saw, signed together."""

from __future__ import annotations

import secrets

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from admin.domain.errors import N_, Conflict


class StaleForm(Conflict):
    """The form's signed part is missing or was changed."""

    message = N_("This form is no longer valid. Open it again and look once more.")


def mint_form_key() -> str:
    """A key for a form about to be shown; the same key is never acted on twice."""
    return secrets.token_urlsafe(24)


def sign_seen(form_key: str, subject: str, seen: int) -> str:
    """What stood on the form when it was shown, bound to its key and its subject."""
    return _signer().dumps([form_key, subject, seen])


def read_seen(signed: str, form_key: str, subject: str) -> int:
    """What the reader saw. Raises StaleForm unless key, subject and signature fit."""
    try:
        key, about, seen = _signer().loads(signed)
    except (BadSignature, ValueError, TypeError):
        raise StaleForm() from None
    if key != form_key or about != subject or not isinstance(seen, int):
        raise StaleForm()
    return seen


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="what the form showed")
