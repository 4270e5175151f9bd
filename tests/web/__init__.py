"""What all pages share: errors, health, headers."""
