"""Watches: a limit over what a saved view of payments holds, looked at again and again."""
