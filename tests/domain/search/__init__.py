"""The search language: read, shown, completed; and what a pasted text says."""
