"""Customers: people, their billing keys, and charging one."""
