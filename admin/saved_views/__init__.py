"""Saved views: what somebody asks of a list again and again, under a name."""
