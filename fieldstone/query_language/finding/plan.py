"""A plan of FIND: what is looked for in which fields of which objects, and what is shown of each.

As of a query, one plan serves all searches that differ in their values alone, and access has been
applied: fields that the viewer may not read are neither looked at nor ranked by.
"""

from __future__ import annotations

from dataclasses import dataclass

from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.query_language.finding.syntax import SearchText
from fieldstone.query_language.plan import Parameter, Plan


@dataclass(frozen=True, slots=True)
class Mention:
    """What is looked for, for one term.

    expression: a regular expression for folded text. digits: a pattern of LIKE for the digits of
    phone numbers; None where the term is none.
    """

    expression: Parameter
    digits: Parameter | None


@dataclass(frozen=True, slots=True)
class FindPart:
    """What is found of one object.

    plan: its rows as a query gives them. texts, phones: the fields that are looked at. title: by
    which rows are ranked; None where ORDER BY says more, or the viewer may not read it.
    """

    plan: Plan
    texts: tuple[Field, ...]
    phones: tuple[Field, ...]
    title: Field | None

    @property
    def object(self) -> ObjectDef:
        """The object whose records are found."""
        return self.plan.object


@dataclass(frozen=True, slots=True)
class FindPlan:
    """A resolved search.

    search: how the terms go together, which are those of mentions in their order. limit: the number
    of the literal behind the LIMIT of the whole. shows_texts: whether the rows come with the texts
    that were looked at, so that what was found can be marked.
    """

    search: SearchText
    mentions: tuple[Mention, ...]
    parts: tuple[FindPart, ...]
    parameters: tuple[Parameter, ...]
    limit: int | None = None
    shows_texts: bool = False
