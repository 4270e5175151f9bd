"""People: signing in, sessions, second factor."""
