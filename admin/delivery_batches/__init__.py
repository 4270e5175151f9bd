"""Deliveries by the list: rehearsed first, agreed to, and registered line by line."""
