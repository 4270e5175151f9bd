"""The stand-in gateway against the gateway's contract."""
