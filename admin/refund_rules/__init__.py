"""Rules for refunds: the reasons to choose from, and what goes back without a second person."""
