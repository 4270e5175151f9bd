"""The mirror: the one place where what the gateway said becomes our row."""
