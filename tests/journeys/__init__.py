"""The nine jobs, done by a person in a real browser."""
