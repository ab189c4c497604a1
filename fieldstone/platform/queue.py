"""The queue: one dramatiq actor that runs a job, on Valkey. What it carries is two numbers.

PostgreSQL knows every job, so the queue may lose messages, repeat them and mix them up: the relay
sends again what still waits, and whoever gets a message asks the job's row whether to begin.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import dramatiq
from dramatiq.brokers.redis import RedisBroker

QUEUE: Final = "fieldstone"
ACTOR: Final = "run_job"


def open_broker(redis_url: str) -> RedisBroker:
    """Open the queue. It needs no middleware: time limits and retries are the job rows' matter."""
    broker = RedisBroker(url=redis_url, middleware=[])  # type: ignore[no-untyped-call]
    broker.declare_queue(QUEUE)
    return broker


def declare_actor(
    broker: RedisBroker, run: Callable[[int, int], None]
) -> dramatiq.Actor[[int, int], None]:
    """Give the actor whose messages call run with the tenant's and the job's number."""
    declare = dramatiq.actor(broker=broker, actor_name=ACTOR, queue_name=QUEUE)
    return declare(run)


def send(broker: RedisBroker, tenant_id: int, job_id: int) -> None:
    """Put a message for a job into the queue."""
    arguments = (tenant_id, job_id)
    broker.enqueue(dramatiq.Message(QUEUE, ACTOR, arguments, kwargs={}, options={}))
