"""Drives iamport-rest-client from PyPI.

Its constructor takes the base URL as `imp_url`; it must end in a slash.
"""

from iamport import Iamport
from lines import serve


def make_client(url, key, secret):
    return Iamport(imp_key=key, imp_secret=secret, imp_url=f"{url}/")


def describe(error):
    if isinstance(error, Iamport.ResponseError):
        return {"code": error.code, "message": error.message}
    if isinstance(error, Iamport.HttpError):
        return {"status": error.code, "message": error.reason}
    return None


serve(make_client, getattr, describe, plain=lambda value: value)
