"""Limits over what saved views hold."""
