"""How much a chat and a network address may send: token buckets, kept in the memory of each worker."""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

KEPT_KEYS = 20_000


class TokenBuckets:
    """One bucket a key: holds ``burst`` tokens and regains ``rate`` of them a second.

    The keys used least recently are forgotten beyond 20,000, so that nobody can fill the memory.
    """

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> bool:
        """Take a token; False when there is none."""
        now = self._clock()
        level, then = self._levels.pop(key, (self._burst, now))
        level = min(self._burst, level + (now - then) * self._rate)
        allowed = level >= 1
        self._levels[key] = (level - 1 if allowed else level, now)
        if len(self._levels) > KEPT_KEYS:
            self._levels.popitem(last=False)
        return allowed


def network_address(headers: Mapping[str, str], peer: str, trusted_proxies: int) -> str:
    """Where a request comes from: the peer, or behind own proxies the entry that the outermost of them wrote.

    An IPv6 address counts as its /64 network, which is what one customer gets (RFC 6177).
    """
    address = peer
    if trusted_proxies:
        entries = [entry.strip() for entry in headers.get("x-forwarded-for", "").split(",") if entry.strip()]
        if entries:
            address = entries[-min(trusted_proxies, len(entries))]
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return peer
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
