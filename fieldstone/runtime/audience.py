"""Whom a view or an app is offered to: those with a permission set, or of a role or below it."""

from __future__ import annotations

from collections.abc import Iterable

from fieldstone.metadata.compiled_rights import with_included
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.values import fold
from fieldstone.runtime.transactions import Transaction


def is_offered(
    tx: Transaction, permission_sets: Iterable[str] = (), roles: Iterable[str] = ()
) -> bool:
    """Tell whether the viewer is among those that are named; where nobody is, everybody is meant.

    Those who set objects up are offered everything, for they look after it.
    """
    sets, names = {fold(one) for one in permission_sets}, {fold(one) for one in roles}
    if not (sets or names) or tx.rights.may_set_up(SetupArea.OBJECTS):
        return True
    return bool(sets & _sets_of(tx)) or bool(names & _roles_of(tx))


def _sets_of(tx: Transaction) -> set[str]:
    """Give the folded names of the viewer's permission sets, with those given along."""
    return {fold(one.name) for one in with_included(tx.catalog, tx.viewer.standing.sets)}


def _roles_of(tx: Transaction) -> set[str]:
    """Give the folded names of the viewer's role and of those above it."""
    own, tree = tx.viewer.standing.role, tx.catalog.roles
    if own is None or own not in tree.by_id:
        return set()
    return {fold(tree.by_id[one].name) for one in (own, *tree.above(own))}
