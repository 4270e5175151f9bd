"""Rules by family. Each takes what it needs and returns the difference it finds, or None."""
