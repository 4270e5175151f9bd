"""The shop's own orders and line items, imported from its books."""
