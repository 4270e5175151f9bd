"""The rules: plain Python that imports nothing but the standard library and itself."""
