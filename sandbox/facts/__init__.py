"""Facts about the gateway and KCP that are data, not behaviour."""
