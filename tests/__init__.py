"""The tests: they mirror `admin/`, and are the only place that sees the sandbox as well."""
