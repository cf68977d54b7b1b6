"""Token buckets, and whose bucket a request takes from."""

import pytest

from bot.channels.limits import KEPT_KEYS, TokenBuckets, network_address


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_taken_and_then_the_rate() -> None:
    clock = Clock()
    buckets = TokenBuckets(0.5, 3, clock)
    assert [buckets.take("a") for _ in range(4)] == [True, True, True, False]
    clock.now += 2
    assert [buckets.take("a") for _ in range(2)] == [True, False]


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    clock = Clock()
    buckets = TokenBuckets(10, 2, clock)
    clock.now += 1000
    assert [buckets.take("a") for _ in range(3)] == [True, True, False]


def test_keys_do_not_share() -> None:
    buckets = TokenBuckets(0.001, 1, Clock())
    assert buckets.take("a")
    assert buckets.take("b")
    assert not buckets.take("a")


def test_many_keys_do_not_fill_the_memory() -> None:
    buckets = TokenBuckets(1, 1, Clock())
    for number in range(KEPT_KEYS + 100):
        buckets.take(str(number))
    assert len(buckets._levels) == KEPT_KEYS


@pytest.mark.parametrize(
    ("forwarded", "proxies", "expected"),
    [
        ("198.51.100.7", 0, "192.0.2.1"),  # nobody's word is taken without a proxy of our own
        ("198.51.100.7", 1, "198.51.100.7"),
        ("203.0.113.9, 198.51.100.7", 1, "198.51.100.7"),  # what the browser wrote itself stands further left
        ("203.0.113.9, 198.51.100.7", 2, "203.0.113.9"),
        ("", 1, "192.0.2.1"),
        ("nonsense", 1, "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", 1, "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.7", 1, "198.51.100.7"),
    ],
)
def test_network_address(forwarded: str, proxies: int, expected: str) -> None:
    assert network_address({"x-forwarded-for": forwarded}, "192.0.2.1", proxies) == expected
