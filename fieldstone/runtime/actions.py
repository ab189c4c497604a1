"""What is allowed by itself: a check at the door of each such thing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fieldstone.errors import Forbidden
from fieldstone.metadata.rights import Action
from fieldstone.runtime.transactions import Transaction

_WORDS: Final[Mapping[Action, str]] = {
    Action.EXPORT: "You may not export records.",
    Action.IMPORT: "You may not import records.",
    Action.API: "You may not let programs act in your name.",
}


def check_action(tx: Transaction, action: Action) -> None:
    """Refuse those who may not do something that is allowed by itself. Raises Forbidden."""
    if not tx.rights.may_do(action):
        raise Forbidden(_WORDS[action], hint="Ask for a permission set that allows it.")
