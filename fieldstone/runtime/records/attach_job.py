"""The job that attaches the records which are too many for the request that they waited for."""

from __future__ import annotations

from collections.abc import Mapping

from fieldstone.ids import format_id, parse_id
from fieldstone.metadata.catalog import AttachRule
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.job_runs import JobContext
from fieldstone.runtime.records.attaching import collect
from fieldstone.runtime.records.store import slot_value
from fieldstone.runtime.records.write import attach, load
from fieldstone.runtime.transactions import Transaction


async def run_attach(context: JobContext) -> JsonObject:
    """Do the job of kind records.attach: arguments {"rule": name, "targets": [id, ...]}.

    Batch after batch in order of id, each with its checkpoint, so that a job that was killed goes
    on where it was and comes to an end although some records cannot be attached.
    """
    while True:
        context.go_on()
        async with context.write() as tx:
            if not await _attach_batch(tx, context):
                return {"attached": _number(context.job.progress.get("done"))}


async def _attach_batch(tx: Transaction, context: JobContext) -> bool:
    """Attach the next records; whether others may wait behind them."""
    rules = (rule for rule in tx.catalog.attach_rules if rule.name == context.job.arguments["rule"])
    rule = next(rules, None)
    if rule is None:
        return False  # the administrator has taken it away
    checkpoint = context.job.progress.get("checkpoint")
    after = _number(checkpoint.get("after")) if isinstance(checkpoint, Mapping) else 0
    targets = await _targets(tx, rule, context.job.arguments["targets"])
    waiting = await collect(tx, rule, targets, after)
    if not waiting.pairs:
        return False
    done = _number(context.job.progress.get("done")) + await attach(tx, waiting)
    told: dict[str, Json] = {"done": done, "words": f"Attached {done:,} records."}
    await context.checkpoint(tx, {**told, "checkpoint": {"after": int(waiting.pairs[-1][0])}})
    return waiting.more


async def _targets(tx: Transaction, rule: AttachRule, asked: Json) -> dict[object, str]:
    """Give the references to the records that are still there, by the value they have by now."""
    assert isinstance(asked, list | tuple)
    target = tx.catalog.by_id[rule.target_id]
    ids = [parse_id(str(text))[1] for text in asked]
    found: dict[object, str] = {}
    for number, record in (await load(tx, target, ids)).items():
        value = slot_value(rule.target_field, record.data.get(rule.target_field.key))
        if value is not None:
            found.setdefault(value, format_id(target.prefix, number))
    return found


def _number(value: Json) -> int:
    return value if isinstance(value, int) else 0
