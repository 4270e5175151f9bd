"""Which of the shop's channels a request goes to."""

from typing import Any

from sandbox.facts.kcp import CHANNELS
from sandbox.incoming import Body, text
from sandbox.window.refusal import NotOpened

Channel = dict[str, Any]

BILLING = "kcp_billing"


def find_channel(params: Body) -> Channel:
    """By `channelKey`, or by `pg` as `provider` or `provider.site`.

    A `pg` that names no channel falls back to the default one, a site nobody knows to the
    first of its provider.
    """
    key = text(params, "channelKey")
    if key is not None:
        for channel in CHANNELS:
            if channel["channel_key"] == key:
                return channel
        raise NotOpened("channelKey 파라메터에 해당하는 채널이 존재하지 않습니다.")
    provider, _, site = (text(params, "pg") or "").partition(".")
    of_provider = [channel for channel in CHANNELS if channel["pg_provider"] == provider]
    exact = [channel for channel in of_provider if channel["pg_id"] == site]
    return (exact or of_provider or CHANNELS)[0]


def is_billing(channel: Channel) -> bool:
    """Whether the window issues a billing key and charges nothing."""
    return bool(channel["pg_provider"] == BILLING)
