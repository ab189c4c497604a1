"""What the audit is told of an export: what was asked, and as what it was written.

Of the query it is told the shape alone. Its values may be those of fields that who reads the audit
may not read, or that lie nowhere but encrypted.
"""

from __future__ import annotations

from typing import Final

from fieldstone.query_language.render import Writer
from fieldstone.query_language.syntax import Value
from fieldstone.runtime.audit.events import Event, note_event
from fieldstone.runtime.exports import Form
from fieldstone.runtime.queries import Question
from fieldstone.runtime.transactions import Transaction

_LONGEST: Final = 2_000


async def note_export(
    tx: Transaction, question: Question, form: Form, job: int | None = None
) -> None:
    """Note an export. job: the one that writes it; None for one that is sent at once."""
    query = question.query
    await note_event(
        tx,
        None,
        Event.EXPORTED,
        object=query.source.path.names[-1],
        query=_Shape().query(query)[:_LONGEST],
        format=form.kind.value,
        job=job,
    )


class _Shape(Writer):
    """Writes queries without their values."""

    def value(self, value: Value) -> str:
        return "?"
