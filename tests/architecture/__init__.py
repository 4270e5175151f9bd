"""Tests that police the code itself."""
