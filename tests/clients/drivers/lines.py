"""The loop of a Python driver: one call a line on standard input, one outcome a line back.

Runs under the client's own interpreter, so nothing of the project can be imported here.
"""

import json
import sys


def serve(make_client, find_method, describe, plain):
    """Answer calls until the input ends.

    `make_client(url, key, secret)` is called once for each secret, or anew when the line says
    `fresh`. `find_method(client, name)` gives what to call, `describe(error)` the outcome of one
    of the client's own refusals (None for any other error), `plain(value)` a result for JSON.
    """
    url, key = sys.argv[1:]
    clients = {}
    for line in sys.stdin:
        call = json.loads(line)
        secret = call["secret"]
        try:
            if call["fresh"] or secret not in clients:
                clients[secret] = make_client(url, key, secret)
            method = find_method(clients[secret], call["method"])
            value = method(*call["arguments"], **call["options"])
            outcome = {"ok": True, "value": plain(value)}
        except Exception as error:
            said = describe(error) or {"message": str(error)}
            outcome = {"ok": False, "error": type(error).__name__, **said}
        sys.stdout.write(json.dumps(outcome) + "\n")
        sys.stdout.flush()
