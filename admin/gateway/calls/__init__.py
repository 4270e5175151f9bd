"""The gateway's operations, one method each, in groups by what they are about."""
