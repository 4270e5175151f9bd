"""Drives iamporter from PyPI: its `Iamporter` by plain names, the floor below as `Payments.get`.

Both take the base URL as `imp_url`.
"""

from iamporter import Iamporter, api, errors
from lines import serve


def make_client(url, key, secret):
    return Iamporter(imp_key=key, imp_secret=secret, imp_url=url)


def find_method(client, name):
    owner, _, method = name.rpartition(".")
    if not owner:
        return getattr(client, method)
    floor = getattr(api, owner)(client.imp_auth, client.requests_session, client.imp_url)
    return getattr(floor, method)


def describe(error):
    if isinstance(error, errors.ImpApiError):
        answer = error.response
        return {"status": answer.status, "code": answer.code, "message": answer.message}
    if isinstance(error, errors.ImpUnAuthorized):
        return {"message": error.message}
    return None


def plain(value):
    """The floor below hands out the whole answer and leaves the judging to its caller."""
    return value if isinstance(value, dict) else {"status": value.status, **value.raw}


serve(make_client, find_method, describe, plain)
