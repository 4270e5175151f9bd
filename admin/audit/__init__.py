"""The audit trail: record what was done, and show it."""
