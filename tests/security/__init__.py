"""The goals of the security paper, each as a test named by its code."""
