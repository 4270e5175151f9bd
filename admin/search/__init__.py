"""One box over everything, and finding a payment by a message that is pasted."""
