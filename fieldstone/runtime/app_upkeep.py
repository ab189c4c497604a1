"""What hangs on connected apps ends with them, so that no later app of the name takes it over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ARRAY, Integer, Text, delete, func

from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.kinds.connected_app import ConnectedAppKind
from fieldstone.metadata.oauth_tables import APP_SECRET, OAUTH_GRANT
from fieldstone.metadata.tables import ACCESS_TOKEN
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

_APPS: Final = parameter("apps", ARRAY(Text()))
_FORGET: Final = tuple(
    prepare(
        delete(table).where(
            table.c.tenant_id == parameter("tenant", Integer()), table.c.app == func.any(_APPS)
        )
    )
    for table in (ACCESS_TOKEN, OAUTH_GRANT, APP_SECRET)
)


async def forget_apps(tx: Transaction, changes: Sequence[ComponentChange]) -> None:
    """End secrets, grants and tokens of apps that are removed, or called otherwise from now on."""
    gone = [
        change.before.name
        for change in changes
        if change.before is not None
        and change.before.kind == ConnectedAppKind.name
        and (
            change.operation == "remove"
            or change.after is None
            or change.after.name != change.before.name
        )
    ]
    for statement in _FORGET if gone else ():
        await tx.run(statement, tenant=tx.tenant.id, apps=gone)
