"""The rules, tested in microseconds and alone."""
