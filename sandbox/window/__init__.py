"""The payment window: the stand-in JavaScript SDK, and the page a buyer pays in."""
