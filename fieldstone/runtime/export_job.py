"""Exports in the background: a job that writes an answer to a file, which is kept for some days.

All rows are those of one instant, which cannot be gone back to: a job that was interrupted begins
anew, and puts its file in the place of the one that was half written.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Final

from sqlalchemy import Integer, Text, cast, func, select, update

from fieldstone.errors import Conflict, Forbidden, Unavailable
from fieldstone.ids import format_id
from fieldstone.metadata.field_types.datetime import write_instant
from fieldstone.metadata.rights import Action
from fieldstone.metadata.tables import JOB
from fieldstone.metadata.values import Json, JsonObject, read_json, write_json
from fieldstone.query_language.errors import BadQuery
from fieldstone.runtime.actions import check_action
from fieldstone.runtime.audit.noted_exports import note_export
from fieldstone.runtime.encryption.keyring import Keyring
from fieldstone.runtime.encryption.opening import keyring_of
from fieldstone.runtime.exports import Form, Format, write_answer
from fieldstone.runtime.files import PREFIX, FileStore, add_file
from fieldstone.runtime.job_runs import JobContext
from fieldstone.runtime.jobs import Job, enqueue, load_job
from fieldstone.runtime.long_texts import worked_out
from fieldstone.runtime.queries import Question, settle
from fieldstone.runtime.question_texts import length_of
from fieldstone.runtime.row_streams import Reading, StreamLimits
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.storage.job_steps import result_of
from fieldstone.runtime.storage.released_files import release_files, remove_released
from fieldstone.runtime.terms import Feature
from fieldstone.runtime.transactions import Transaction

EXPORT: Final = "export"
CLEAR: Final = "export.clear"
KEPT: Final = timedelta(days=7)
MOST_OPEN: Final = 10
"""Exports of one tenant that wait or run at a time."""

_TELL_EVERY_S: Final = 1.0
_OPEN: Final = prepare(
    select(func.count()).where(
        JOB.c.tenant_id == parameter("tenant", Integer()),
        JOB.c.kind == parameter("kind", Text()),
        JOB.c.finished_at.is_(None),
    )
)
_FORGET: Final = prepare(
    update(JOB)
    .where(
        JOB.c.tenant_id == parameter("tenant", Integer()),
        JOB.c.kind == parameter("kind", Text()),
        JOB.c.arguments.has_key("asked"),
    )
    .values(arguments=JOB.c.arguments.op("-")(cast("asked", Text)))
)


class TooManyExports(Unavailable):
    """A tenant has as many exports under way as it may."""

    code = "export.too_many"


class RightsChanged(Forbidden):
    """What the viewer may see is not what it was when the export was asked for."""

    code = "export.rights_changed"


class QuestionForgotten(Conflict):
    """What an export was to write is not known any more."""

    code = "export.question_forgotten"


@dataclass(frozen=True, slots=True)
class ExportParts:
    """What an export needs beside the database. limit_bytes: how large a file may become."""

    files: FileStore
    limits: StreamLimits
    limit_bytes: int


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """What an export was asked to do. asked: the question as JSON. name: of the file.

    Its question is kept encrypted: it may say values of fields that lie nowhere else in clear.
    """

    asked: JsonObject
    form: Form
    name: str
    rights: str

    def to_json(self, keyring: Keyring) -> JsonObject:
        """Give it as the arguments of a job."""
        return {
            "asked": keyring.seal_text(write_json(self.asked), EXPORT),
            "format": self.form.kind.value,
            "labels": self.form.labels,
            "title": self.form.title,
            "name": self.name,
            "rights": self.rights,
        }

    @classmethod
    def from_json(cls, arguments: JsonObject, keyring: Keyring) -> ExportOrder:
        """Read it out of the arguments of a job. Raises QuestionForgotten."""
        asked = arguments.get("asked")
        if isinstance(asked, str):
            text = keyring.open_text(asked, EXPORT)
            asked = None if text is None else read_json(text)
        if not isinstance(asked, Mapping):
            raise QuestionForgotten(
                "What this export was to write is not known any more.",
                hint="A person was erased, or a key is gone. Ask for the export again.",
            )
        form = Form(
            Format(str(arguments["format"])),
            labels=bool(arguments["labels"]),
            title=str(arguments["title"]),
        )
        return cls(asked, form, str(arguments["name"]), str(arguments["rights"]))


async def begin_export(tx: Transaction, asked: JsonObject, form: Form) -> Job:
    """Write an export down as a job, once its question is known to be right.

    Raises InvalidInput, and TooManyExports while as many wait as a tenant may have.
    """
    check_action(tx, Action.EXPORT)
    tx.tenant.terms.require(Feature.EXPORTS)
    question = await worked_out(partial(Question.from_json, asked), length_of(asked))
    if question.cursor is not None:
        raise BadQuery("An export has no pages, and so no cursor.", at="/cursor")
    await settle(tx, question)
    if await tx.value(_OPEN, tenant=tx.tenant.id, kind=EXPORT) >= MOST_OPEN:
        raise TooManyExports(
            f"{MOST_OPEN} exports are waiting or running already.",
            hint="Wait for one to end, or cancel it.",
        )
    title = question.query.source.path.names[-1]
    form = replace(form, title=title)
    order = ExportOrder(asked, form, f"{title}.{form.kind}", tx.rights.digest)
    number = await enqueue(tx, EXPORT, order.to_json(keyring_of(tx)))
    await note_export(tx, question, form, number)
    return await load_job(tx, number)


async def run_export(context: JobContext, parts: ExportParts) -> JsonObject:
    """Do the job of kind export; its result has the file and how many rows it holds.

    Raises InvalidInput, QueryTimeout, FileTooLarge, RightsChanged, QuestionForgotten.
    """
    ended = result_of(context)
    if ended is not None:
        return ended
    async with context.database.read(context.tenant, context.viewer) as tx:
        order = ExportOrder.from_json(context.job.arguments, keyring_of(tx))
        same = order.rights == tx.rights.digest
    if not same:
        raise RightsChanged(
            "What you may see has changed since you asked.", hint="Ask for the export again."
        )
    told = _Told(context, await _file_number(context, parts.files))
    reading = Reading(
        context.database, context.tenant, context.viewer, parts.limits, told, at_rest=True
    )
    chunks = write_answer(reading, Question.from_json(order.asked), order.form)
    async with aclosing(chunks):
        number = told.file
        kept = await parts.files.keep(context.tenant.id, number, chunks, parts.limit_bytes)
    async with context.write() as tx:
        record = await add_file(tx, number, order.name, order.form.kind.media_type, kept)
        file_id = format_id(PREFIX, number)
        await enqueue(tx, CLEAR, {"file": number}, delay_s=KEPT.total_seconds())
        result: JsonObject = {
            "rows": told.done,
            "file": record.show(),
            "url": f"/api/files/{file_id}",
            "kept_until": write_instant(tx.now + KEPT),
        }
        await context.checkpoint(tx, {**told.words(), "checkpoint": {"result": result}})
    return result


async def forget_questions(tx: Transaction) -> int:
    """Forget what exports were asked, of all that are kept; how many. Those that wait fail."""
    return await tx.run(_FORGET, tenant=tx.tenant.id, kind=EXPORT)


async def _file_number(context: JobContext, files: FileStore) -> int:
    """Give the number that the file gets, the same for every run; what is half written goes."""
    checkpoint = context.job.progress.get("checkpoint")
    number = checkpoint.get("file") if isinstance(checkpoint, Mapping) else None
    if not isinstance(number, int):
        return context.database.minter.mint()
    await files.remove(context.tenant.id, number)
    return number


@dataclass(slots=True)
class _Told:
    """Tells how far an export is, and ends it when somebody asks for that."""

    context: JobContext
    file: int
    done: int = 0
    total: int = 0
    next_at: float = field(default=0.0, repr=False)

    async def begins(self, total: int) -> None:
        """Note how many rows there will be."""
        self.total = total
        await self._tell()

    async def saw(self, count: int) -> None:
        """Note that rows were written. Raises JobCancelled, JobInterrupted, JobLost."""
        self.done += count
        if time.monotonic() >= self.next_at:
            await self._tell()

    def words(self) -> dict[str, Json]:
        """Give how far it is."""
        total = max(self.total, self.done)
        words = f"Wrote {self.done:,} of {total:,} rows."
        return {"done": self.done, "total": total, "words": words}

    async def _tell(self) -> None:
        await self.context.tell({**self.words(), "checkpoint": {"file": self.file}})
        self.context.go_on()
        self.next_at = time.monotonic() + _TELL_EVERY_S


async def clear_export(context: JobContext, files: FileStore) -> JsonObject:
    """Do the job of kind export.clear: remove the file of an export unless a record holds it."""
    number = context.job.arguments["file"]
    assert isinstance(number, int)
    async with context.write() as tx:
        await release_files(tx, [number])
        await context.checkpoint(tx, context.job.progress)
    return {"removed": await remove_released(context, files)}
