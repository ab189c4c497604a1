"""Verifying the audit: whether every log still says what was sealed, and where it first does not.

Values that were erased, and entries that were forgotten after their time, leave a note that is
sealed itself; so what is left can be vouched for, and what is gone is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from sqlalchemy import ARRAY, BigInteger, Integer, func, select

from fieldstone.errors import InvalidInput
from fieldstone.ids import format_id
from fieldstone.metadata.audit_tables import AUDIT_REDACTION, AUDIT_SEAL
from fieldstone.metadata.field_types.datetime import write_instant
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.audit.reading import check_audit
from fieldstone.runtime.audit.redactions import count_redactions, some_rewritten
from fieldstone.runtime.audit.sealing import LAST_SEAL, LEAVES, MOST_IN_SEAL
from fieldstone.runtime.audit.seals import NOTHING, Seal, SealKey
from fieldstone.runtime.audit.showing import PREFIX
from fieldstone.runtime.audit.witness import Witness
from fieldstone.runtime.job_runs import JobContext
from fieldstone.runtime.jobs import Job, enqueue, find_last_job, load_job
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.storage.job_steps import end_with, result_of
from fieldstone.runtime.transactions import Transaction

VERIFY: Final = "audit.verify"
MOST_HEADS: Final = 1_000
_SOME: Final = 20
_LAST_PLACE: Final = 2**62
_S: Final = AUDIT_SEAL.c
_R: Final = AUDIT_REDACTION.c
_TENANT: Final = parameter("tenant", Integer())
_NEXT: Final = prepare(
    select(*AUDIT_SEAL.c)
    .where(_S.tenant_id == _TENANT, _S.number > parameter("after", BigInteger()))
    .order_by(_S.number)
    .limit(parameter("most", Integer()))
)
_HEADS: Final = prepare(
    select(_S.number, _S.at, _S.to_seq, _S.hash, _S.key_id, _S.signature)
    .where(_S.tenant_id == _TENANT, _S.number < parameter("before", BigInteger()))
    .order_by(_S.number.desc())
    .limit(parameter("most", Integer()))
)
_REMOVED: Final = prepare(
    select(func.unnest(_R.seqs).label("seq")).where(
        _R.tenant_id == _TENANT,
        _R.seqs.is_not(None),
        _R.seqs.op("&&")(parameter("missing", ARRAY(BigInteger))),
    )
)
_NOTED_REMOVED: Final = prepare(
    select(func.coalesce(func.sum(func.cardinality(_R.seqs)), 0)).where(
        _R.tenant_id == _TENANT, _R.seqs.is_not(None), _R.of_seq.is_(None)
    )
)


_Kept: TypeAlias = tuple[Mapping[int, frozenset[str]], Mapping[int, frozenset[str]]]
"""The hashes of seals that were given, and those that were written outside."""


class BadHead(InvalidInput):
    """What should have been the head of the chain is none."""

    code = "audit.bad_head"


class Broken(Exception):
    """The first place at which the audit is not what was sealed. entry: None for a seal itself."""

    def __init__(self, seal: int, entry: int | None, words: str) -> None:
        super().__init__(words)
        self.seal, self.entry, self.words = seal, entry, words


@dataclass(slots=True)
class _Seen:
    """What was found so far. place, hash, format: those of the last seal.

    unknown: the first seal of an unknown key since the last one that is known elsewhere, or 0.
    """

    number: int = 0
    place: int = 0
    hash: bytes = NOTHING
    counts: Counter[str] = field(default_factory=Counter)
    unknown: int = 0
    format: int = 0

    @classmethod
    def from_progress(cls, told: Mapping[str, Any]) -> _Seen:
        """Go on where an interrupted job was."""
        if "number" not in told:
            return cls()
        counts = Counter({str(name): int(count) for name, count in told["counts"].items()})
        digest, unknown = bytes.fromhex(told["hash"]), told.get("unknown", 0)
        made = told.get("format", 0)
        return cls(told["number"], told["place"], digest, counts, unknown, made)

    def progress(self) -> JsonObject:
        """Give it as the progress of a job."""
        words = f"{self.counts['entries']:,} entries verified"
        place: dict[str, Json] = {"number": self.number, "place": self.place}
        place |= {"unknown": self.unknown, "format": self.format}
        return {**place, "hash": self.hash.hex(), "counts": dict(self.counts), "words": words}


async def begin_verification(tx: Transaction, heads: Mapping[int, str]) -> Job:
    """Have the whole chain verified by a job. heads: hashes that were kept elsewhere, by number."""
    check_audit(tx)
    asked: dict[str, Json] = {str(number): digest for number, digest in heads.items()}
    return await load_job(tx, await enqueue(tx, VERIFY, {"heads": asked}))


def read_heads(said: Json) -> dict[int, str]:
    """Read {"number": hash} as callers say it. Raises BadHead."""
    if said is None:
        return {}
    if not isinstance(said, Mapping) or len(said) > MOST_HEADS:
        raise BadHead(f"heads is an object of at most {MOST_HEADS} seals.", at="/heads")
    found: dict[int, str] = {}
    for number, digest in said.items():
        known = number.isascii() and number.isdigit() and len(number) < len(str(2**63))
        if not known or not isinstance(digest, str) or len(digest) != len(NOTHING) * 2:
            raise BadHead("A head is the number of a seal and its hash.", at=f"/heads/{number}")
        found[int(number)] = digest.lower()
    return found


async def list_seals(tx: Transaction, before: int, most: int) -> list[dict[str, Json]]:
    """Give the newest seals before one of a number, to be kept elsewhere."""
    check_audit(tx)
    rows = await tx.rows(_HEADS, tenant=tx.tenant.id, before=before, most=most)
    return [
        {
            "number": row["number"],
            "at": write_instant(row["at"]),
            "last_entry": format_id(PREFIX, row["to_seq"]),
            "hash": row["hash"].hex(),
            "key": row["key_id"],
            "signature": row["signature"].hex(),
        }
        for row in rows
    ]


async def last_verification(tx: Transaction) -> Job | None:
    """Give the job that verified last, or does so now; None if there was none of late."""
    return await find_last_job(tx, VERIFY)


async def sealed_up_to(tx: Transaction) -> int:
    """Give the place up to which the logs are sealed."""
    row = await tx.row(LAST_SEAL, tenant=tx.tenant.id)
    return 0 if row is None else int(row["to_seq"])


async def run_verification(context: JobContext, key: SealKey, witness: Witness) -> JsonObject:
    """Do the job of kind audit.verify; its result tells what was found, and the first break."""
    ended = result_of(context)
    if ended is not None:
        return ended
    said: Any = context.job.arguments.get("heads", {})
    heads = {int(number): frozenset({str(digest)}) for number, digest in said.items()}
    written = await witness.read(context.tenant.id)
    seen = _Seen.from_progress(context.job.progress)
    try:
        while await _verify_some(context, seen, key, (heads, written)):
            context.go_on()
        _check_end(seen, heads, written)
    except Broken as broken:
        return await _end(context, seen, broken)
    return await _end(context, seen, None)


async def _verify_some(
    context: JobContext,
    seen: _Seen,
    key: SealKey,
    kept: _Kept,
) -> bool:
    """Verify the next seals; whether there may be more. Raises Broken."""
    async with context.write() as tx:
        rows = await tx.rows(_NEXT, tenant=tx.tenant.id, after=seen.number, most=_SOME)
        for row in rows:
            seal = Seal.from_row(row)
            _check_seal(tx.tenant.id, seal, seen)
            _check_signature(seal, key, seen)
            _check_kept(seal, kept, seen)
            await _check_entries(tx, seal, seen)
            seen.number, seen.place, seen.hash = seal.number, seal.to_seq, seal.hash
            seen.counts["seals"] += 1
        await context.checkpoint(tx, seen.progress())
    return len(rows) == _SOME


def _check_seal(tenant_id: int, seal: Seal, seen: _Seen) -> None:
    if seal.number != seen.number + 1:
        raise Broken(seen.number + 1, None, "This seal is gone.")
    made = seal.format_behind(tenant_id, seen.hash)
    # A chain does not go back to seals that anybody could have named another key for.
    if seal.from_seq != seen.place or not made or made < seen.format:
        raise Broken(seal.number, None, "This seal does not follow the one before it.")
    seen.format = made


def _check_signature(seal: Seal, key: SealKey, seen: _Seen) -> None:
    """Count seals of another key, as after a change of the secret key; none of ours is false.

    Anybody can name another key: such a seal has to be known elsewhere, or one behind it has to.
    """
    if seal.key_id != key.id:
        seen.unknown = seen.unknown or seal.number
        seen.counts["signed_by_another_key"] += 1
    elif not key.is_signed(seal):
        raise Broken(seal.number, None, "This seal was not signed by this installation.")


def _check_kept(seal: Seal, kept: _Kept, seen: _Seen) -> None:
    """Compare with what was kept elsewhere; two hashes that were written for one seal are wrong."""
    heads, written = kept
    for found, words in ((heads, "that was given"), (written, "that was written outside")):
        known = found.get(seal.number)
        if known is not None and known != {seal.hash.hex()}:
            raise Broken(seal.number, None, f"This seal is not the one {words}.")
        if known is not None:
            seen.unknown = 0
    seen.counts["witnessed"] += seal.number in written


def _check_end(seen: _Seen, *kept: Mapping[int, frozenset[str]]) -> None:
    last = max((number for found in kept for number in found), default=0)
    if last > seen.number:
        raise Broken(seen.number + 1, None, f"The chain had {last} seals, and ends before this.")
    if seen.unknown:
        raise Broken(seen.unknown, None, "Its key is unknown, and so is this seal elsewhere.")


async def _check_entries(tx: Transaction, seal: Seal, seen: _Seen) -> None:
    """Compare what a seal vouches for with what is there. Raises Broken."""
    asked = {"behind": seal.from_seq, "upto": seal.to_seq, "most": MOST_IN_SEAL + 1}
    rows = {row["seq"]: row for row in await tx.rows(LEAVES, tenant=tx.tenant.id, **asked)}
    missing = [seq for seq in seal.seqs if seq not in rows]
    removed = await _removed(tx, missing)
    for index, seq in enumerate(seal.seqs):
        row = rows.pop(seq, None)
        if row is None:
            if seq not in removed:
                raise Broken(seal.number, seq, "This entry is gone.")
            seen.counts["removed"] += 1
        elif bytes(row["leaf"]) != seal.leaf(index) or not row["intact"]:
            raise Broken(seal.number, seq, f"This entry of {row['log']} was changed.")
        else:
            seen.counts["entries"] += 1
            seen.counts["erased"] += row["erased"]
    for seq, row in sorted(rows.items()):
        raise Broken(seal.number, seq, f"This entry of {row['log']} was put in afterwards.")


async def _removed(tx: Transaction, missing: Sequence[int]) -> frozenset[int]:
    if not missing:
        return frozenset()
    rows = await tx.rows(_REMOVED, tenant=tx.tenant.id, missing=list(missing))
    return frozenset(row["seq"] for row in rows)


async def _end(context: JobContext, seen: _Seen, broken: Broken | None) -> JsonObject:
    async with context.write() as tx:
        noted = int(await tx.value(_NOTED_REMOVED, tenant=tx.tenant.id))
        result: dict[str, Json] = {
            "whole": broken is None,
            "seals": seen.counts["seals"],
            "entries": seen.counts["entries"],
            "removed": seen.counts["removed"],
            # Nothing vouches for what was taken away within the seconds before it was sealed.
            "removed_unsealed": max(0, noted - seen.counts["removed"]) if broken is None else 0,
            "unsealed": await _count_unsealed(tx, seen.place),
            "erased": seen.counts["erased"],
            "redactions": await count_redactions(tx),
            "rewritten": await some_rewritten(tx),
            "witnessed": seen.counts["witnessed"],
            "signed_by_another_key": seen.counts["signed_by_another_key"],
            "head": {"number": seen.number, "hash": seen.hash.hex()} if seen.number else None,
            "broken": None if broken is None else _told(broken),
        }
        return await end_with(context, tx, result)


async def _count_unsealed(tx: Transaction, place: int) -> int:
    """Count the entries behind the last seal, up to as many as one seal holds."""
    asked = {"behind": place, "upto": _LAST_PLACE, "most": MOST_IN_SEAL}
    return len(await tx.rows(LEAVES, tenant=tx.tenant.id, **asked))


def _told(broken: Broken) -> JsonObject:
    entry = None if broken.entry is None else format_id(PREFIX, broken.entry)
    return {"seal": broken.seal, "entry": entry, "words": broken.words}
