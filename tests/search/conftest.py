"""The same little shop that the security tests look at."""

from __future__ import annotations

from tests.security.conftest import shop

__all__ = ["shop"]
