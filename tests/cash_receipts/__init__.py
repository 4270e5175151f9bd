"""The numbers of cash receipts: how they are learned, and how they are found."""
