"""Refunds: give money back through one recorded operation."""
