"""Conditions of fields in forms: which fields a form shows, and which of them it demands."""

from __future__ import annotations

from collections.abc import Sequence

from fieldstone.errors import Problem
from fieldstone.ids import RecordId
from fieldstone.metadata.catalog import Field
from fieldstone.metadata.values import Json
from fieldstone.runtime.records.conditions import Judged, judge
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.forms import RecordForm, Values
from fieldstone.ui_generator.widgets.record import id_of, is_id


async def stand(tx: Transaction, form: RecordForm, number: RecordId | None) -> Judged:
    """Work out by what a form holds which of its fields it shows and demands, and tell them."""
    typed = [one for one in form.inputs() if one.is_changed and not one.is_misread]
    given = {**form.beside, **{one.of: _ids_only(one.of, one.data) for one in typed}}
    judged = await judge(tx, form.object, given, number)
    for one in form.inputs():
        visible, required = judged.is_visible(one.of), judged.is_required(one.of)
        one.stand(visible=visible, required=required)
    return judged


def shown_only(
    judged: Judged, values: Values, problems: Sequence[Problem]
) -> tuple[Values, list[Problem]]:
    """Give what was typed into fields that are shown, and what is wrong with those."""
    hidden = {of.name for of, one in judged.standings.items() if not one.visible}
    kept = {of: value for of, value in values.items() if of.name not in hidden}
    told = [one for one in problems if _field_of(one) not in hidden]
    return kept, told


def _field_of(problem: Problem) -> str:
    at = problem.at if isinstance(problem.at, str) else ""
    return at.removeprefix("/").partition("/")[0]


def _ids_only(of: Field, value: Json) -> Json:
    """Give a value without names of records that nobody has looked up yet."""
    if not of.references or value is None:
        return value
    if isinstance(value, list | tuple):
        return [one for one in value if is_id(id_of(one))]
    return value if is_id(id_of(value)) else None
