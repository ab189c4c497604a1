"""Who may see to personal data: those whose answers are whole, for half of them is a wrong one."""

from __future__ import annotations

from fieldstone.errors import Forbidden
from fieldstone.metadata.rights import SetupArea
from fieldstone.runtime.transactions import Transaction


class NoPrivacyOffice(Forbidden):
    """What is about a person, asked for by somebody who may not see all of it."""

    code = "privacy.forbidden"


def check_office(tx: Transaction) -> None:
    """Return if the viewer may see to personal data. Raises NoPrivacyOffice."""
    if not tx.rights.may_set_up(SetupArea.PRIVACY):
        raise NoPrivacyOffice("You may not see to personal data.")
    if not tx.rights.reads_everything:
        raise NoPrivacyOffice(
            "There are objects, fields or records that you may not see, and the whole is asked.",
            hint="Ask an administrator.",
        )
