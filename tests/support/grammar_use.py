"""Which productions of a grammar a text makes use of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from importlib.resources import files
from typing import Any

from lark import Lark


class GrammarUse:
    """Reads texts and remembers the productions by which they were read."""

    def __init__(self, name: str, *starts: str) -> None:
        grammar = files("fieldstone.query_language").joinpath(f"grammars/{name}.lark")
        self._lark = Lark(grammar.read_text("utf-8"), parser="lalr", start=list(starts))
        # What Lark calls whenever it reduces by a rule.
        self._callbacks: dict[Any, Callable[[Any], Any]] = self._lark.parser.parser.parser.callbacks
        self.productions = {_told(rule) for rule in self._callbacks}
        self.used: set[str] = set()
        for rule, made in list(self._callbacks.items()):
            self._callbacks[rule] = partial(self._use, _told(rule), made)

    def read(self, text: str, start: str) -> None:
        """Read a text."""
        self._lark.parse(text, start=start)

    def missing(self, *unreachable: str) -> list[str]:
        """Give the productions that no text has used, but for those that no text may use."""
        return sorted(self.productions - self.used - set(unreachable))

    def _use(self, rule: str, made: Callable[[Any], Any], children: Iterable[Any]) -> Any:
        self.used.add(rule)
        return made(children)


def _told(rule: Any) -> str:
    symbols = " ".join(symbol.name for symbol in rule.expansion)
    return f"{rule.origin.name}: {symbols}"
