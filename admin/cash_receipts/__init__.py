"""Cash receipts: which payment has which, learned from the gateway one payment at a time."""
