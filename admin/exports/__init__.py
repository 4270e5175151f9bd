"""Files that leave the house: written in the background, with a passport, and checked later."""
