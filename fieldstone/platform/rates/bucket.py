"""Token buckets: what fills at a rate and gives one token for each request.

Method: a bucket holds up to its burst and gains rate tokens each second; a request takes one from
each of its buckets, or from none where one of them is empty.
"""

from __future__ import annotations

import math
import time
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from fieldstone.errors import Unavailable

BURST: Final = 10
"""A bucket holds as many tokens as come in so many seconds."""

_KEPT: Final = 10_000


class RateLimited(Unavailable):
    """More was asked in a short time than one may ask."""

    code = "rate.limited"


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket by its key. rate: tokens that come in a second."""

    key: str
    rate: int

    @property
    def burst(self) -> int:
        """How many tokens it holds."""
        return self.rate * BURST


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose call of the API is counted, and on which day."""

    tenant: int
    day: date


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may go on. limit, remaining: of the bucket that is nearest to its end.

    wait_s: until there is a token again, or until that bucket is full. calls: of the tenant today.
    """

    allowed: bool
    limit: int
    remaining: int
    wait_s: int
    calls: int = 0


class Rates(Protocol):
    """Takes tokens, and counts calls of the API."""

    async def take(self, buckets: Sequence[Bucket], caller: Caller | None = None) -> Verdict:
        """Take a token from each bucket, and count a call, if all of them have one."""
        ...


def verdict_of(
    buckets: Sequence[Bucket], tokens: Sequence[float], *, allowed: bool, calls: int = 0
) -> Verdict:
    """Give the verdict on what is left in buckets: of the one that has the least share left."""
    nearest = min(range(len(buckets)), key=lambda n: tokens[n] / buckets[n].burst)
    bucket, left = buckets[nearest], tokens[nearest]
    missing = bucket.burst - left if allowed else 1 - left
    wait_s = max(0 if allowed else 1, math.ceil(missing / bucket.rate))
    return Verdict(allowed, bucket.burst, max(0, int(left)), wait_s, calls)


class LocalRates:
    """Buckets of one process: for one that has no Valkey, or has lost it.

    It forgets the buckets that were asked for longest ago, and those are full.
    """

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._today: Counter[Caller] = Counter()
        self._counted: Counter[Caller] = Counter()

    async def take(self, buckets: Sequence[Bucket], caller: Caller | None = None) -> Verdict:
        now = time.monotonic()
        tokens = [self._tokens(bucket, now) for bucket in buckets]
        allowed = all(left >= 1 for left in tokens)
        if allowed:
            tokens = [left - 1 for left in tokens]
            for bucket, left in zip(buckets, tokens, strict=True):
                self._keep(bucket, left, now)
        calls = self._count(caller) if allowed and caller is not None else 0
        return verdict_of(buckets, tokens, allowed=allowed, calls=calls)

    def counted(self) -> Counter[Caller]:
        """Give the calls that were counted since the last time."""
        counted, self._counted = self._counted, Counter()
        return counted

    def count_again(self, counted: Counter[Caller]) -> None:
        """Take back what could not be written down."""
        self._counted.update(counted)

    def _count(self, caller: Caller) -> int:
        if len(self._today) > _KEPT or any(one.day != caller.day for one in [*self._today][:1]):
            self._today.clear()
        self._today[caller] += 1
        self._counted[caller] += 1
        return self._today[caller]

    def _tokens(self, bucket: Bucket, now: float) -> float:
        left, at = self._buckets.get(bucket.key, (float(bucket.burst), now))
        return min(float(bucket.burst), left + (now - at) * bucket.rate)

    def _keep(self, bucket: Bucket, left: float, now: float) -> None:
        self._buckets[bucket.key] = (left, now)
        self._buckets.move_to_end(bucket.key)
        if len(self._buckets) > _KEPT:
            self._buckets.popitem(last=False)
