"""What a move leaves behind: the rows in the old heap, removed when no reader can be using them."""

from __future__ import annotations

from fieldstone.metadata.values import JsonObject
from fieldstone.runtime.job_runs import JobContext
from fieldstone.runtime.storage.component_storage import find_component, put_marker
from fieldstone.runtime.storage.job_steps import alone
from fieldstone.runtime.storage.moving import LEAVE_MARK, job_in, without
from fieldstone.runtime.storage.own_heaps import drop_own_heap, is_own_heap
from fieldstone.runtime.storage.promotion import remove_in_batches
from fieldstone.runtime.storage.rules import StorageRules


async def run_clean(context: JobContext, rules: StorageRules) -> JsonObject:
    """Do the job of kind storage.clean: arguments {"object": id, "heap": name}."""
    object_id, heap_name = context.job.arguments["object"], str(context.job.arguments["heap"])
    assert isinstance(object_id, int)
    if not is_own_heap(heap_name):
        await remove_in_batches(context, heap_name, object_id, rules)
    async with alone(context) as tx:
        stored = await find_component(tx, object_id)
        mark = None if stored is None else stored.storage.get(LEAVE_MARK)
        if stored is not None and mark is not None and job_in(mark) == context.job.id:
            if is_own_heap(heap_name):
                await drop_own_heap(tx, object_id)
            await put_marker(tx, object_id, without(stored.storage, LEAVE_MARK))
    return {"heap": heap_name}
