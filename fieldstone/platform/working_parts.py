"""What work needs beside the database, as the settings say."""

from __future__ import annotations

from datetime import timedelta

from fieldstone.platform.settings import Settings, load_secret_key
from fieldstone.runtime.audit.seals import SealKey
from fieldstone.runtime.audit.witness import Witness
from fieldstone.runtime.files import LocalFiles
from fieldstone.runtime.row_streams import StreamLimits
from fieldstone.runtime.storage.rules import StorageRules


def files_of(settings: Settings) -> LocalFiles:
    """Give the store of uploaded files."""
    return LocalFiles(settings.data / "files")


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
