"""The shops that figures are taken of."""
