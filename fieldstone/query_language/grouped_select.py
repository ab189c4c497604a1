"""What a grouped query groups by, and what it shows of each group."""

from __future__ import annotations

from fieldstone.query_language.binding import Binder
from fieldstone.query_language.checks import check_comparable
from fieldstone.query_language.clauses import grouping_of
from fieldstone.query_language.errors import BadQuery
from fieldstone.query_language.of_aggregates import has_aggregates
from fieldstone.query_language.operand_names import AskedQuery, group_key
from fieldstone.query_language.plan import FieldRef, Ref
from fieldstone.query_language.render import Writer
from fieldstone.query_language.shaping import shaped_path
from fieldstone.query_language.syntax import (
    Aggregate,
    Call,
    Operand,
    Operation,
    Path,
    Query,
    SelectItem,
)


class GroupedSelect:
    """The groups of one query. keys: what rows are grouped by; of no clause, none."""

    def __init__(self, asked: AskedQuery, query: Query, binder: Binder) -> None:
        self._asked = asked
        self._query = query
        self._binder = binder
        grouping = grouping_of(query)
        expressions = () if grouping is None else grouping.expressions
        self.keys = tuple(self.key(expression) for expression in expressions)

    def key(self, operand: Operand) -> FieldRef:
        """Give the field that an operand of GROUP BY or PER means. Raises BadQuery."""
        if isinstance(operand, Aggregate):
            raise BadQuery("Rows are grouped by fields.", at=operand.span)
        found = group_key(self._asked, operand)
        check_comparable(found.field, operand.span, "grouped")
        return found

    def aliases(self) -> dict[str, Ref]:
        """Give what a grouped query shows, by key: alias, field name, or expr0 and so on."""
        found: dict[str, Ref] = {}
        unnamed = 0
        for item in self._query.select:
            match item:
                case SelectItem((Call() | Operation()) as whole, alias) if has_aggregates(whole):
                    ref: Ref = self._asked.of_aggregates(whole)
                    key = alias or f"expr{unnamed}"
                    unnamed += alias is None
                case SelectItem((Path() | Call() | Operation()) as operand, alias):
                    grouped = self.grouped(operand)
                    ref = grouped
                    key = alias or f"expr{unnamed}"
                    shaped = shaped_path(operand) if isinstance(operand, Call) else None
                    if shaped is not None and alias is None:
                        key = self._binder.field_key(
                            shaped.names[-1], self._binder.field(shaped).field
                        )
                    elif not isinstance(operand, Path):
                        unnamed += alias is None
                    elif alias is None:
                        key = self._binder.field_key(operand.names[-1], grouped.field)
                case SelectItem(Aggregate() as aggregate, alias):
                    ref = self._asked.aggregate(aggregate)
                    key = alias or f"expr{unnamed}"
                    unnamed += alias is None
                case _:
                    raise BadQuery("Groups have no records to show.", at=item.span)
            if key in found:
                raise BadQuery(
                    f"Two columns are called {key}.", at=item.span, hint="Give one an alias."
                )
            found[key] = ref
        return found

    def grouped(self, operand: Path | Call | Operation) -> FieldRef:
        """Give the field that an operand means, one that rows are grouped by. Raises BadQuery."""
        ref = group_key(self._asked, operand)
        if ref not in self.keys:
            text = Writer().expression(operand)[:80]
            raise BadQuery(
                f"{text} is neither grouped nor counted.",
                at=operand.span,
                hint=f"Write GROUP BY {text}, or COUNT({text}).",
            )
        return ref
