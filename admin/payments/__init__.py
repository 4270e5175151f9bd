"""Payments: find them, look at one, check it against the gateway, keep the mirror in step."""
