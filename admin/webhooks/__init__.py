"""Webhooks: receive a message, keep it, answer at once, and look the payment up later."""
