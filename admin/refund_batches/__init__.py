"""Refunds by the list: rehearsed first, agreed to, and worked off row by row."""
