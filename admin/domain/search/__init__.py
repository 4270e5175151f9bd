"""The search language: what people type into the box over the payments, as a pure value."""
