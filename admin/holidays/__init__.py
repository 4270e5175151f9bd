"""The days on which Korean banks are closed, kept by managers."""
