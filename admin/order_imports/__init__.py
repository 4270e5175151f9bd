"""Files of orders that people bring: matched, judged, agreed to, taken, and mended."""
