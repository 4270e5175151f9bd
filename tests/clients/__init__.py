"""Published clients of the gateway, unmodified, against the sandbox."""
