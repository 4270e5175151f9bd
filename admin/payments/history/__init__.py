"""Everything that happened to one payment, in one line; a module for each origin."""
