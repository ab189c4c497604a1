"""Requests about people: to be given all that is known of them, to be erased or made anonymous.

A request is kept with what came of it, long after its job: that is the proof.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import BigInteger, DateTime, Integer, Text, and_, insert, select, update
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.errors import Conflict, InvalidInput, NotFound
from fieldstone.ids import RecordId, format_id
from fieldstone.metadata.privacy_tables import PRIVACY_REQUEST
from fieldstone.metadata.tables import JOB
from fieldstone.metadata.values import Json, JsonObject, read_json, write_json
from fieldstone.runtime.audit.events import Event, note_event, note_record_event
from fieldstone.runtime.jobs import enqueue
from fieldstone.runtime.privacy.definitions import definitions_saying
from fieldstone.runtime.privacy.finding import Dossier, find_all
from fieldstone.runtime.privacy.mentions import with_held_mentions
from fieldstone.runtime.privacy.office import check_office
from fieldstone.runtime.privacy.person import Person, load_person
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

PREFIX: Final = "privacy"
EXPORT_PERSON: Final = "privacy.export"
ERASE_PERSON: Final = "privacy.erase"
LONGEST_REASON: Final = 2_000
_MOST_TOLD: Final = 20
_TENANT: Final = parameter("tenant", Integer())
_ID: Final = parameter("id", BigInteger())
_MINE: Final = (PRIVACY_REQUEST.c.tenant_id == _TENANT, PRIVACY_REQUEST.c.id == _ID)
_ADD: Final = prepare(
    insert(PRIVACY_REQUEST).values(
        tenant_id=_TENANT,
        id=_ID,
        kind=parameter("kind", Text()),
        object_id=parameter("object", Integer()),
        record_id=parameter("record", BigInteger()),
        reason=parameter("reason", Text()),
        plan=parameter("plan", Text()),
        asked_at=parameter("now", DateTime(timezone=True)),
        asked_by=parameter("actor", BigInteger()),
    )
)
_OF_JOB: Final = prepare(
    update(PRIVACY_REQUEST).where(*_MINE).values(job_id=parameter("job", BigInteger()))
)
_FINISH: Final = prepare(
    update(PRIVACY_REQUEST)
    .where(*_MINE)
    .values(
        finished_at=parameter("now", DateTime(timezone=True)),
        report=parameter("report", JSONB()),
        digest=parameter("digest", Text()),
    )
)
_WHOLE: Final = select(
    PRIVACY_REQUEST, JOB.c.state.label("job_state"), JOB.c.result.label("job_result")
).select_from(
    PRIVACY_REQUEST.outerjoin(
        JOB,
        and_(JOB.c.tenant_id == PRIVACY_REQUEST.c.tenant_id, JOB.c.id == PRIVACY_REQUEST.c.job_id),
    )
)
_ONE: Final = prepare(_WHOLE.where(*_MINE))
_PAGE: Final = prepare(
    _WHOLE.where(
        PRIVACY_REQUEST.c.tenant_id == _TENANT,
        PRIVACY_REQUEST.c.id < parameter("before", BigInteger()),
    )
    .order_by(PRIVACY_REQUEST.c.id.desc())
    .limit(parameter("most", Integer()))
)


class RequestKind(StrEnum):
    """What may be asked about a person; the value is its name outside."""

    EXPORT = "export"
    ERASE = "erase"
    ANONYMISE = "anonymise"


class UnknownRequest(NotFound):
    """No request about a person of this id."""

    code = "privacy.unknown_request"


class PlanMoved(Conflict):
    """What is known of a person is not what it was when the request was looked at."""

    code = "privacy.plan_moved"


class UnderHold(Conflict):
    """Something about a person is under legal hold, so that they cannot be erased."""

    code = "privacy.held"


class UserStays(Conflict):
    """A user who cannot be erased, or not yet."""

    code = "privacy.user_stays"


class BadRequest(InvalidInput):
    """What is said of a request cannot be."""

    code = "privacy.bad_request"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked. plan: the digest of what was found when it was looked at; "" if it was not.

    kept: records to be left as they are.
    """

    kind: RequestKind
    person: str
    reason: str = ""
    plan: str = ""
    kept: tuple[RecordId, ...] = ()


@dataclass(frozen=True, slots=True)
class PrivacyRequest:
    """A request. report, digest: what came of it, once it did. problems: why it did not."""

    id: int
    kind: RequestKind
    object_id: int
    record_id: int
    reason: str
    plan: str
    asked_at: datetime
    asked_by: int | None
    job: int | None
    state: str
    finished_at: datetime | None
    report: JsonObject | None
    digest: str | None
    problems: Json = None

    @property
    def text(self) -> str:
        """Its id as callers see it."""
        return format_id(PREFIX, self.id)


async def look_at(tx: Transaction, text: str, kept: Collection[RecordId] = ()) -> Dossier:
    """Find everything about a person. Raises NoPrivacyOffice, UnknownPerson, NotAPerson."""
    check_office(tx)
    person = await load_person(tx, text)
    whole = tx.as_system()
    found = await with_held_mentions(whole, await find_all(whole, person, kept))
    return replace(found, definitions=await definitions_saying(whole, person.addresses))


async def ask(tx: Transaction, asked: Asked) -> PrivacyRequest:
    """Write a request down, and a job that does it. tx must be open for writing.

    Raises NoPrivacyOffice, UnknownPerson, NotAPerson, PlanMoved, UnderHold, UserStays, BadRequest.
    """
    dossier = await look_at(tx, asked.person, asked.kept)
    if len(asked.reason) > LONGEST_REASON:
        raise BadRequest(f"A reason has at most {LONGEST_REASON} characters.", at="/reason")
    if asked.kind is not RequestKind.EXPORT:
        check_erasable(asked.kind, dossier, asked.plan)
    number = tx.minter.mint()
    await tx.run(
        _ADD,
        tenant=tx.tenant.id,
        id=number,
        kind=asked.kind.value,
        object=dossier.person.object.id,
        record=dossier.person.id,
        reason=asked.reason.strip(),
        plan=asked.plan,
        now=tx.now,
        actor=tx.viewer.user_id,
    )
    job = await enqueue(
        tx,
        EXPORT_PERSON if asked.kind is RequestKind.EXPORT else ERASE_PERSON,
        {"request": number, "kept": list(asked.kept), "file": tx.minter.mint()},
    )
    await tx.run(_OF_JOB, tenant=tx.tenant.id, id=number, job=job)
    told = {"request": format_id(PREFIX, number), "kind": asked.kind.value}
    person = dossier.person
    await note_record_event(tx, person.object, person.id, Event.PERSON_ASKED, **told)
    return await get_request(tx, number)


def check_erasable(kind: RequestKind, dossier: Dossier, plan: str) -> None:
    """Return if a person may be erased as planned. Raises PlanMoved, UnderHold, UserStays."""
    person = dossier.person
    if dossier.held:
        held = len(dossier.held)
        raise UnderHold(
            f"{held} of the records about {person.text} are under legal hold.",
            hint="End the hold first, or keep these records as they are.",
            details={
                "held": [format_id("record", one) for one in sorted(dossier.held)[:_MOST_TOLD]]
            },
        )
    _check_user(kind, person)
    if plan != dossier.digest:
        raise PlanMoved(
            "What is known of this person is not what you looked at.",
            hint="Look again, and send the plan that is told.",
        )


def _check_user(kind: RequestKind, person: Person) -> None:
    if not person.is_user:
        return
    if kind is RequestKind.ERASE:
        raise UserStays(
            "A user stays, since the history of others names them.",
            hint="Make them anonymous instead.",
        )
    if person.member is not None and person.member["ended_at"] is None:
        raise UserStays(
            f"{person.text} may still sign in.", hint="Deactivate them under People first."
        )


async def get_request(tx: Transaction, number: int) -> PrivacyRequest:
    """Give one request. Raises NoPrivacyOffice, UnknownRequest."""
    check_office(tx)
    row = await tx.row(_ONE, tenant=tx.tenant.id, id=number)
    if row is None:
        raise UnknownRequest(f"There is no request {format_id(PREFIX, number)}.")
    return _request(row)


async def list_requests(tx: Transaction, before: int, most: int) -> list[PrivacyRequest]:
    """Give the newest requests before one."""
    check_office(tx)
    rows = await tx.rows(_PAGE, tenant=tx.tenant.id, before=before, most=most)
    return [_request(row) for row in rows]


async def finish(tx: Transaction, number: int, report: JsonObject, digest: str) -> None:
    """Write down what came of a request."""
    await tx.run(
        _FINISH,
        tenant=tx.tenant.id,
        id=number,
        now=tx.now,
        report=write_json(report),
        digest=digest,
    )
    request, kind = format_id(PREFIX, number), report["kind"]
    await note_event(tx, None, Event.PERSON_DONE, request=request, kind=kind, digest=digest)


def _request(row: Any) -> PrivacyRequest:
    ended = row["job_state"] in ("failed", "cancelled")
    problems = read_json(row["job_result"]) if ended and row["job_result"] else None
    report = None if row["report"] is None else read_json(row["report"])
    assert report is None or isinstance(report, dict)
    done = row["finished_at"] is not None
    return PrivacyRequest(
        id=row["id"],
        kind=RequestKind(row["kind"]),
        object_id=row["object_id"],
        record_id=row["record_id"],
        reason=row["reason"],
        plan=row["plan"],
        asked_at=row["asked_at"],
        asked_by=row["asked_by"],
        job=row["job_id"],
        state="done" if done else row["job_state"] or "failed",
        finished_at=row["finished_at"],
        report=report,
        digest=row["digest"],
        problems=problems.get("errors") if isinstance(problems, dict) else None,
    )
