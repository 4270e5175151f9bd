"""The gateway's own words: its envelope and field names, read into domain values and written back.

Nothing outside this package names a field of the gateway.
"""
