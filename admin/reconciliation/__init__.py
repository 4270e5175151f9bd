"""Reconciliation: one day of the shop's books against the gateway's look-ups."""
