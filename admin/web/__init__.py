"""The pages' toolkit: Flask-side glue that knows no feature."""
