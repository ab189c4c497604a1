"""The kinds of jobs that work on storage and on what lies there, each with what does it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from fieldstone.runtime.conversion.clearing import run_give_up
from fieldstone.runtime.conversion.job import run_convert
from fieldstone.runtime.conversion.starting import CONVERT, GIVE_UP
from fieldstone.runtime.files import FileStore
from fieldstone.runtime.job_runs import JobFunction
from fieldstone.runtime.storage.backfill import run_empty, run_fill
from fieldstone.runtime.storage.clearing import run_clean
from fieldstone.runtime.storage.heap_indexes import DROP_INDEX, MAKE_INDEX, run_drop, run_make
from fieldstone.runtime.storage.moving import CLEAN, MOVE
from fieldstone.runtime.storage.promotion import run_move
from fieldstone.runtime.storage.purge import PURGE, run_purge
from fieldstone.runtime.storage.rules import StorageRules
from fieldstone.runtime.storage.slots import EMPTY, FILL


def storage_jobs(rules: StorageRules, files: FileStore) -> Mapping[str, JobFunction]:
    """Give the table of kinds."""
    return {
        MOVE: partial(run_move, rules=rules),
        CLEAN: partial(run_clean, rules=rules),
        FILL: partial(run_fill, rules=rules),
        EMPTY: partial(run_empty, rules=rules),
        MAKE_INDEX: run_make,
        DROP_INDEX: run_drop,
        PURGE: partial(run_purge, files=files),
        CONVERT: partial(run_convert, rules=rules),
        GIVE_UP: partial(run_give_up, rules=rules),
    }
