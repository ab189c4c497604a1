"""Every kind of job and the function that does it, in plain sight."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from fieldstone.intelligence.matching.matcher import RecordMatcher
from fieldstone.platform.settings import Settings
from fieldstone.platform.working_parts import (
    files_of,
    seal_key_of,
    storage_rules_of,
    stream_limits_of,
    witness_of,
)
from fieldstone.runtime.access.assigning import ASSIGN, run_assign
from fieldstone.runtime.audit.verifying import VERIFY, run_verification
from fieldstone.runtime.encryption.rotating import ROTATE, run_rotation
from fieldstone.runtime.export_job import (
    CLEAR,
    EXPORT,
    ExportParts,
    clear_export,
    run_export,
)
from fieldstone.runtime.imports.plan import IMPORT
from fieldstone.runtime.imports.run import ImportParts, run_import
from fieldstone.runtime.job_runs import JobFunction
from fieldstone.runtime.privacy.erasing import run_erasing
from fieldstone.runtime.privacy.exporting import run_exporting
from fieldstone.runtime.privacy.requests import ERASE_PERSON, EXPORT_PERSON
from fieldstone.runtime.privacy.retaining import RETAIN, run_retention
from fieldstone.runtime.records.attach_job import run_attach
from fieldstone.runtime.records.write import ATTACH
from fieldstone.runtime.storage.job_table import storage_jobs


def import_parts(settings: Settings) -> ImportParts:
    """Give what an import needs beside the database."""
    return ImportParts(files_of(settings), RecordMatcher())


def export_parts(settings: Settings) -> ExportParts:
    """Give what an export in the background needs beside the database."""
    limits = stream_limits_of(settings)
    return ExportParts(files_of(settings), limits, settings.export_limit_bytes)


def job_kinds(settings: Settings) -> Mapping[str, JobFunction]:
    """Give the table of kinds."""
    return {
        IMPORT: partial(run_import, parts=import_parts(settings)),
        ATTACH: run_attach,
        ASSIGN: run_assign,
        ROTATE: run_rotation,
        EXPORT: partial(run_export, parts=export_parts(settings)),
        CLEAR: partial(clear_export, files=files_of(settings)),
        VERIFY: partial(run_verification, key=seal_key_of(settings), witness=witness_of(settings)),
        EXPORT_PERSON: partial(
            run_exporting, files=files_of(settings), limit_bytes=settings.export_limit_bytes
        ),
        ERASE_PERSON: partial(run_erasing, files=files_of(settings)),
        RETAIN: partial(run_retention, files=files_of(settings)),
        **storage_jobs(storage_rules_of(settings), files_of(settings)),
    }
