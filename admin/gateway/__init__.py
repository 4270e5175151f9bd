"""The payment gateway: the only package that speaks HTTP; of ours it imports the domain alone.

`client.Gateway` is the door; `errors` tells what a caller must do; `wire` alone knows the
gateway's field names.
"""
