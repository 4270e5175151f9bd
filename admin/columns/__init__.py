"""The columns of lists: which a list offers, and which of them a person chose."""
