"""Migrations on data."""
