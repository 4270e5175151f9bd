"""Views of lists under a name."""
