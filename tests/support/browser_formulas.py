"""Formulas in a real browser: their outcomes there, and how values look that come from there."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from playwright.sync_api import Page

from fieldstone.metadata.calculation import Calculation, Value
from fieldstone.metadata.values import Json
from fieldstone.query_language.formula.browser_form import browser_form, json_of, read_node
from fieldstone.query_language.formula.typed import Read, Typed
from fieldstone.query_language.functions.text_of import written

NOT_HERE: Final = "not here"
"""The outcome of what only the server can work out."""

_EVALUATE: Final = """
async ([address, tree, rows]) => {
  const { evaluate } = await import(`${address}/evaluate.js`);
  const { Decimal, written } = await import(`${address}/decimal.js`);
  const { Failed, NotHere, valueOf } = await import(`${address}/values.js`);
  const moments = await import(`${address}/moments.js`);
  const { writeDay, writeTime, dayOfInstant, timeOfInstant } = moments;
  const shown = {
    date: writeDay,
    datetime: (instant) =>
      `${writeDay(dayOfInstant(instant))}T${writeTime(timeOfInstant(instant))}Z`,
    time: (time) => writeTime(time),
    geolocation: (place) => place.map(written),
  };
  return rows.map((row) => {
    try {
      const found = evaluate(tree, (name, kind) => valueOf(row[name], kind));
      if (found instanceof Decimal) return written(found);
      return found !== null && shown[tree.kind] ? shown[tree.kind](found) : found;
    } catch (error) {
      if (error instanceof Failed) return "failed";
      if (error instanceof NotHere) return "not here";
      throw error;
    }
  });
}
"""


def in_browser(
    page: Page, address: str, expression: Typed, rows: Sequence[dict[str, Json]]
) -> list[Json]:
    """Give the outcome of an expression for each row; rows hold values as browsers read them.

    address: where the modules of formulas are served.
    """
    tree = browser_form(expression, _named)
    found: list[Json] = page.evaluate(_EVALUATE, [address, tree, rows])
    return found


def row_for_browser(row: dict[str, Json], readable: dict[str, Calculation]) -> dict[str, Json]:
    """Give the values of a stored row as browsers read them."""
    return {name: json_of(one.read(row.get(name))) for name, one in readable.items()}


def as_told(value: Value) -> Json:
    """Give a value as in_browser tells it."""
    match value:
        case Decimal():
            return written(value)
        case tuple():
            return [as_told(one) for one in value]
        case _:
            return json_of(value)


def _named(read: Read) -> dict[str, Json]:
    source = read.source
    name = source[1] if isinstance(source, tuple) else str(source)
    return read_node(name, read.shape.kind)
