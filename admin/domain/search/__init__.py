"""The search language: what is asked of a list, as text and as values. No SQL."""
