"""Tests of the box over everything and of pasted messages."""
