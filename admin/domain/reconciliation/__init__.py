"""Reconciliation: the shop's books against the gateway's look-ups, as a pure function."""
