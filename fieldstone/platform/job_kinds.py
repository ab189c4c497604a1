"""Every kind of job and the function that does it, in plain sight."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from fieldstone.intelligence.matching.matcher import RecordMatcher
from fieldstone.platform.settings import Settings, load_secret_key
from fieldstone.runtime.access.assigning import ASSIGN, run_assign
from fieldstone.runtime.audit.seals import SealKey
from fieldstone.runtime.audit.verifying import VERIFY, run_verification
from fieldstone.runtime.audit.witness import Witness
from fieldstone.runtime.encryption.rotating import ROTATE, run_rotation
from fieldstone.runtime.export_job import (
    CLEAR,
    EXPORT,
    ExportParts,
    clear_export,
    run_export,
)
from fieldstone.runtime.files import LocalFiles
from fieldstone.runtime.imports.plan import IMPORT
from fieldstone.runtime.imports.run import ImportParts, run_import
from fieldstone.runtime.job_runs import JobFunction
from fieldstone.runtime.privacy.erasing import run_erasing
from fieldstone.runtime.privacy.exporting import run_exporting
from fieldstone.runtime.privacy.requests import ERASE_PERSON, EXPORT_PERSON
from fieldstone.runtime.privacy.retaining import RETAIN, run_retention
from fieldstone.runtime.records.attach_job import run_attach
from fieldstone.runtime.records.write import ATTACH
from fieldstone.runtime.row_streams import StreamLimits
from fieldstone.runtime.storage.job_table import storage_jobs
from fieldstone.runtime.storage.rules import StorageRules


def files_of(settings: Settings) -> LocalFiles:
    """Give the store of uploaded files."""
    return LocalFiles(settings.data / "files")


def import_parts(settings: Settings) -> ImportParts:
    """Give what an import needs beside the database."""
    return ImportParts(files_of(settings), RecordMatcher())


def seal_key_of(settings: Settings) -> SealKey:
    """Give the key that signs the seals over the logs."""
    return SealKey(load_secret_key(settings))


def witness_of(settings: Settings) -> Witness:
    """Give where the seals are written down outside of the database."""
    return Witness(settings.data / "audit")


def storage_rules_of(settings: Settings) -> StorageRules:
    """Give what the work on storage is set to."""
    return StorageRules(
        promote_above=settings.promote_above,
        keep_deleted=timedelta(days=settings.keep_deleted_days),
    )


def stream_limits_of(settings: Settings) -> StreamLimits:
    """Give what streams of answers may take."""
    return StreamLimits(
        most=settings.streams,
        portion_s=settings.stream_statement_timeout_s,
        whole_s=settings.stream_timeout_s,
    )


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
