"""The one protocol for every write to the gateway: intent, sending, outcome, settling."""
