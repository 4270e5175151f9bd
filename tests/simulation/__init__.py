"""The proof of the money protocol: seeded histories of the real services over a model gateway."""
