"""SQL that needs a value more than once has it worked out once.

An expression that names its arguments twice would double with each level of nesting, and so would
the time that PostgreSQL takes for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, Final

from sqlalchemy import ColumnElement, SelectBase, select
from sqlalchemy.sql.visitors import iterate

from fieldstone.metadata.field_types.stored import constant

_LIGHT: Final = 30
"""Parts of SQL that may as well be written twice: a row of its own costs about as much."""


def once(
    values: Sequence[ColumnElement[Any]], build: Callable[..., ColumnElement[Any]]
) -> ColumnElement[Any]:
    """Give build(*values), in which large values are columns of a row of their own."""
    heavy = [value for value in values if is_heavy(value)]
    if not heavy:
        return build(*values)
    labelled = [value.label(f"v{place}") for place, value in enumerate(heavy)]
    # OFFSET keeps PostgreSQL from putting the values back where the columns stand.
    row = select(*labelled).correlate_except(None).offset(constant(0)).subquery()
    columns = iter(row.c)
    named = [next(columns) if is_heavy(value) else value for value in values]
    # Whatever else it names belongs to the statement around it, be it several levels out.
    return select(build(*named)).correlate_except(row).scalar_subquery()


def is_heavy(value: ColumnElement[Any]) -> bool:
    """Tell whether a value had better not be written twice: a subquery never, be it small."""
    parts = list(islice(iterate(value), _LIGHT + 1))
    return len(parts) > _LIGHT or any(isinstance(part, SelectBase) for part in parts)
