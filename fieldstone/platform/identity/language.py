"""The language in which somebody sees labels and picklists."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import BigInteger, Integer, Text, update

from fieldstone.errors import InvalidInput
from fieldstone.metadata.localising import language_name, languages_of
from fieldstone.metadata.tables import MEMBER
from fieldstone.metadata.values import Json
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

_WRITTEN: Final = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")
_CHOOSE: Final = prepare(
    update(MEMBER)
    .where(
        MEMBER.c.tenant_id == parameter("tenant", Integer()),
        MEMBER.c.user_id == parameter("user_id", BigInteger()),
    )
    .values(language=parameter("language", Text()))
)


class BadLanguage(InvalidInput):
    """A text that is not the code of a language."""

    code = "access.bad_language"


async def choose_language(tx: Transaction, wanted: Json) -> None:
    """Let the viewer see labels in a language from the next request on. Raises BadLanguage.

    wanted: such as de or pt_BR; None for the language of the organization. It need not be one into
    which anything is translated yet.
    """
    assert tx.viewer.user_id is not None, "whoever signed in is a user"
    if wanted is not None and not (isinstance(wanted, str) and _WRITTEN.fullmatch(wanted)):
        hint = "Write a code such as de or pt_BR, or null for that of the organization."
        raise BadLanguage("This is not the code of a language.", at="/language", hint=hint)
    mine = {"tenant": tx.tenant.id, "user_id": tx.viewer.user_id}
    await tx.run(_CHOOSE, **mine, language=wanted)


def languages_offered(tx: Transaction, held: str | None) -> list[tuple[str, str]]:
    """Give the languages that labels are translated into, and the one that is held, with names."""
    codes = dict.fromkeys((*languages_of(tx.catalog), *((held,) if held else ())))
    return [(code, f"{language_name(code, code)} ({code})") for code in codes]
