"""Escrow orders: line items against the paid amount, and the registration of their delivery."""
