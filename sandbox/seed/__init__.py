"""The demo shop 이음상점: half a year of believable trade, the same for the same seed."""
