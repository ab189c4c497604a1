"""Token buckets in Valkey, which all processes share: one script, one way there and back.

When Valkey is away, each process goes on with buckets of its own and tries again after a moment:
whoever asks is limited in each process by itself then, which is better than not at all.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from fieldstone.platform.rates.bucket import Bucket, Caller, LocalRates, Verdict, verdict_of

LOGGER: Final = logging.getLogger("fieldstone.rates")
_CONNECTIONS: Final = 8
_PATIENCE_S: Final = 0.25
_AGAIN_AFTER_S: Final = 1.0
_DAYS_KEPT_S: Final = 3 * 86_400
_FLUSH_S: Final = 60
_FAILS: Final = (RedisError, OSError, TimeoutError)
_TAKE: Final = """
local at = redis.call('TIME')
local now = at[1] * 1000 + math.floor(at[2] / 1000)
local count = #KEYS - 1
local tokens, allowed = {}, 1
for i = 1, count do
  local rate, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local kept = redis.call('HMGET', KEYS[i], 't', 'a')
  local left = (tonumber(kept[1]) or burst) + (now - (tonumber(kept[2]) or now)) * rate / 1000
  tokens[i] = math.min(burst, left)
  if tokens[i] < 1 then allowed = 0 end
end
if allowed == 1 then
  for i = 1, count do
    local rate, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
    tokens[i] = tokens[i] - 1
    redis.call('HSET', KEYS[i], 't', tostring(tokens[i]), 'a', now)
    redis.call('PEXPIRE', KEYS[i], math.ceil(burst / rate * 1000) + 1000)
  end
end
local calls = 0
if allowed == 1 and ARGV[2 * count + 1] ~= '' then
  calls = redis.call('HINCRBY', KEYS[count + 1], ARGV[2 * count + 1], 1)
  if calls == 1 then redis.call('EXPIRE', KEYS[count + 1], ARGV[2 * count + 2]) end
end
local told = {allowed, calls}
for i = 1, count do told[i + 2] = tostring(tokens[i]) end
return told
"""


class SharedRates:
    """Buckets in Valkey. local: those of this process, for when it is away."""

    def __init__(self, url: str, local: LocalRates) -> None:
        pool: Any = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=_PATIENCE_S,
            socket_timeout=_PATIENCE_S,
            socket_connect_timeout=_PATIENCE_S,
            decode_responses=True,
        )
        self._redis: Any = Redis.from_pool(pool)
        self._take = self._redis.register_script(_TAKE)
        self._local = local
        self._away_until = 0.0

    async def take(self, buckets: Sequence[Bucket], caller: Caller | None = None) -> Verdict:
        """Take a token from each bucket, and count a call, if all of them have one."""
        if time.monotonic() < self._away_until:
            return await self._local.take(buckets, caller)
        keys = [f"fs:rate:{bucket.key}" for bucket in buckets]
        values: list[Any] = [part for one in buckets for part in (one.rate, one.burst)]
        if caller is None:
            counted: list[Any] = ["fs:calls", "", 0]
        else:
            counted = [_calls_key(caller.day), caller.tenant, _DAYS_KEPT_S]
        try:
            told = await self._take(keys=[*keys, counted[0]], args=[*values, *counted[1:]])
        except _FAILS as error:
            self._away_until = time.monotonic() + _AGAIN_AFTER_S
            LOGGER.warning("rates are limited by each process alone: %s", error)
            return await self._local.take(buckets, caller)
        tokens = [float(left) for left in told[2:]]
        return verdict_of(buckets, tokens, allowed=bool(told[0]), calls=int(told[1]))

    async def uncounted(self, day: date) -> Mapping[int, int]:
        """Give the calls of a day by tenant that are not in the ledger yet; one process at a time.

        Nothing, where another process writes them down just now or Valkey is away.
        """
        try:
            mine = await self._redis.set(_turn_key(day), "1", nx=True, ex=_FLUSH_S)
            if not mine:
                return {}
            counted = await self._redis.hgetall(_calls_key(day))
            written = await self._redis.hgetall(_written_key(day))
        except _FAILS:
            return {}
        found = {int(key): int(n) - int(written.get(key, 0)) for key, n in counted.items()}
        return {tenant: n for tenant, n in found.items() if n > 0}

    async def note_written(self, day: date, counts: Mapping[int, int]) -> None:
        """Note that these calls are in the ledger, and let others have their turn."""
        key = _written_key(day)
        pipe = self._redis.pipeline()
        for tenant, count in counts.items():
            pipe.hincrby(key, tenant, count)
        pipe.expire(key, _DAYS_KEPT_S)
        pipe.delete(_turn_key(day))
        await pipe.execute()

    async def close(self) -> None:
        """Let go of Valkey."""
        await self._redis.aclose()


def _calls_key(day: date) -> str:
    return f"fs:calls:{day.isoformat()}"


def _written_key(day: date) -> str:
    return f"fs:written:{day.isoformat()}"


def _turn_key(day: date) -> str:
    return f"fs:writing:{day.isoformat()}"
