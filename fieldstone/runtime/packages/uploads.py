"""Packages that somebody sent here: kept for a week, to be looked at and installed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, DateTime, Integer, Text, delete, or_, select
from sqlalchemy.dialects.postgresql import JSONB, insert

from fieldstone.errors import Forbidden, InvalidInput
from fieldstone.metadata.digests import digest_of_package
from fieldstone.metadata.package_tables import PACKAGE_UPLOAD
from fieldstone.metadata.packages import MANIFEST, Package
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.values import read_json, write_json
from fieldstone.runtime.package_signing import SignatureState, signature_state
from fieldstone.runtime.packages.reading import read_beside
from fieldstone.runtime.packages.wishes import ShippedPackages, UnknownPackage
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

KEPT: Final = timedelta(days=7)
MOST_KEPT: Final = 20
_TABLE: Final = PACKAGE_UPLOAD
_TENANT: Final = parameter("tenant", Integer())
_ROW: Final[Mapping[str, ColumnElement[Any]]] = {
    "tenant_id": _TENANT,
    "digest": parameter("digest", Text()),
    "name": parameter("name", Text()),
    "version": parameter("version", Text()),
    "files": parameter("files", JSONB()),
    "uploaded_at": parameter("now", DateTime(timezone=True)),
    "uploaded_by": parameter("viewer", BigInteger()),
}
_INSERTED: Final = insert(_TABLE).from_select(list(_ROW), select(*_ROW.values()))
_KEEP: Final = prepare(
    _INSERTED.on_conflict_do_update(
        index_elements=[_TABLE.c.tenant_id, _TABLE.c.digest],
        set_={name: _INSERTED.excluded[name] for name in ("files", "uploaded_at", "uploaded_by")},
    )
)
_NEWEST: Final = (
    select(_TABLE.c.digest)
    .where(_TABLE.c.tenant_id == _TENANT)
    .order_by(_TABLE.c.uploaded_at.desc(), _TABLE.c.digest)
    .limit(MOST_KEPT)
)
_FORGET: Final = prepare(
    delete(_TABLE).where(
        _TABLE.c.tenant_id == _TENANT,
        or_(
            _TABLE.c.uploaded_at < parameter("before", DateTime(timezone=True)),
            _TABLE.c.digest.not_in(_NEWEST),
        ),
    )
)
_LIST: Final = prepare(
    select(_TABLE.c.digest, _TABLE.c.name, _TABLE.c.version, _TABLE.c.uploaded_at)
    .where(_TABLE.c.tenant_id == _TENANT)
    .order_by(_TABLE.c.uploaded_at.desc(), _TABLE.c.digest)
)
_FIND: Final = prepare(
    select(_TABLE.c.files).where(
        _TABLE.c.tenant_id == _TENANT, _TABLE.c.digest == parameter("digest", Text())
    )
)


class BrokenSignature(InvalidInput):
    """A package that was changed after somebody signed it."""

    code = "package.broken_signature"


@dataclass(frozen=True, slots=True)
class Upload:
    """A package that waits. digest: by which it is meant."""

    digest: str
    name: str
    version: str
    uploaded_at: datetime


async def keep_upload(tx: Transaction, files: Mapping[str, str], package: Package) -> str:
    """Keep a package that was read of these files; its digest. Raises BrokenSignature, Forbidden.

    What was sent more than a week ago is forgotten, and so is all but the newest few.
    """
    _check(tx)
    said = package.manifest
    if signature_state(files, said.signature) is SignatureState.BROKEN:
        raise BrokenSignature(
            "The package was changed after it was signed.",
            at=f"{MANIFEST}#/signature",
            hint="Take it anew from where it came from.",
        )
    digest = digest_of_package(package)
    await tx.run(
        _KEEP,
        tenant=tx.tenant.id,
        digest=digest,
        name=said.name,
        version=said.version,
        files=write_json(files),
        now=tx.now,
        viewer=tx.viewer.user_id,
    )
    await tx.run(_FORGET, tenant=tx.tenant.id, before=tx.now - KEPT)
    return digest


async def uploads_in(tx: Transaction) -> list[Upload]:
    """Give what waits, the newest first. Raises Forbidden."""
    _check(tx)
    rows = await tx.rows(_LIST, tenant=tx.tenant.id)
    return [Upload(r["digest"], r["name"], r["version"], r["uploaded_at"]) for r in rows]


async def package_at_hand(tx: Transaction, named: str, shipped: ShippedPackages) -> Package:
    """Give a package that waits, by its digest, or one that comes with the product, by its name.

    Raises UnknownPackage.
    """
    if named in shipped.names:
        return shipped.package(named)
    row: Any = await tx.row(_FIND, tenant=tx.tenant.id, digest=named)
    if row is None:
        hint = f"Upload it first; it is kept for {KEPT.days} days."
        raise UnknownPackage(f"There is no package {named[:80]} to install.", hint=hint)
    found = read_json(row["files"])
    assert isinstance(found, dict)
    files = {path: str(text) for path, text in found.items()}
    return await read_beside(files)


def _check(tx: Transaction) -> None:
    if not tx.rights.may_set_up(SetupArea.OBJECTS):
        raise Forbidden("You may not see how the system is set up.")
