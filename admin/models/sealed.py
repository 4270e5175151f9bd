"""Text that is unreadable in the database's files and backups: AES-256-GCM under the app's key."""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app

KEY_NAME = "1"  # stands before each sealed text, so that a later key can be told from this one
_NONCE = 12


class CannotUnseal(RuntimeError):
    """A sealed text was changed, or was sealed under another SECRET_KEY."""


class SealedText(sa.types.TypeDecorator[str]):
    """A text column whose content only this installation can read. It cannot be searched."""

    impl = sa.Text
    cache_ok = True

    @property
    def python_type(self) -> type[str]:
        return str

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        if value is None:
            return None
        nonce = os.urandom(_NONCE)
        sealed = nonce + _cipher(_secret()).encrypt(nonce, value.encode(), KEY_NAME.encode())
        return f"{KEY_NAME}:{urlsafe_b64encode(sealed).decode()}"

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> str | None:
        if value is None:
            return None
        name, _, text = value.partition(":")
        sealed = urlsafe_b64decode(text)
        try:
            opened = _cipher(_secret()).decrypt(sealed[:_NONCE], sealed[_NONCE:], name.encode())
        except (InvalidTag, ValueError) as error:
            raise CannotUnseal("a sealed text does not fit this installation's key") from error
        return opened.decode()


def _secret() -> str:
    return str(current_app.config["SECRET_KEY"])


@lru_cache(maxsize=4)
def _cipher(secret: str) -> AESGCM:
    derived = HKDF(SHA256(), 32, salt=None, info=b"jangbu sealed text").derive(secret.encode())
    return AESGCM(derived)
