"""A regular expression in memory: all ways through it are followed at once, character by character.

So the time grows with the length of the text and no faster, whatever the pattern; Python's own
engine tries one way after the other, and some patterns have more ways than there is time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias, assert_never

from fieldstone.query_language.regular.nodes import (
    WORD,
    Choice,
    Edge,
    Letter,
    Look,
    Node,
    Ranges,
    Repeat,
    Row,
    holds,
)

_MATCHED: Final = 0
_MAX_KEPT: Final = 50_000
"""States that are kept in all, of the steps from some states by a character to others."""

States: TypeAlias = frozenset[int]
Seen: TypeAlias = Sequence[Sequence[bool]]
"""For each Look of a pattern, at which places of a text that follows for which it looks."""


class Automaton:
    """What holds for the texts that a pattern describes from the first character to the last.

    Its states are numbers. At each stands a set of letters to pass, a condition, or nothing, and
    where one goes from there. backwards: whether it goes from the end of a text to its beginning.
    """

    def __init__(self, node: Node, *, backwards: bool = False) -> None:
        self._backwards = backwards
        self._letters: dict[int, Ranges] = {}
        self._tests: dict[int, Edge | tuple[int, bool]] = {}
        self._looks: list[Automaton] = []
        self._ways: list[tuple[int, ...]] = [()]
        self._begin = self._built(node, _MATCHED)
        self._steps: dict[tuple[States, str], States] = {}
        self._kept = 0

    def matches(self, text: str) -> bool:
        """Tell whether the pattern describes a text."""
        seen = self._looked(text)
        states = self._reached([self._begin], text, 0, seen)
        for at, character in enumerate(text):
            if not states:
                return False
            states = self._stepped(states, character, text, at + 1, seen)
        return _MATCHED in states

    def places(self, text: str) -> Sequence[bool]:
        """Give for each place of a text whether the pattern describes what follows there.

        The automaton goes backwards: so all places are known after one way through the text.
        """
        seen = self._looked(text)
        states: States = self._reached([self._begin], text, len(text), seen)
        found = [_MATCHED in states]
        for at in range(len(text) - 1, -1, -1):
            states = self._stepped(states, text[at], text, at, seen)
            found.append(_MATCHED in states)
        return found[::-1]

    def _looked(self, text: str) -> Seen:
        return [look.places(text) for look in self._looks]

    def _state(self, *ways: int) -> int:
        self._ways.append(ways)
        return len(self._ways) - 1

    def _built(self, node: Node, then: int) -> int:
        """Give the state from which a part leads to another state."""
        match node:
            case Letter(ranges):
                state = self._state(then)
                self._letters[state] = ranges
            case Row(parts):
                state = then
                for part in parts if self._backwards else reversed(parts):
                    state = self._built(part, state)
            case Choice(options):
                state = self._state(*(self._built(option, then) for option in options))
            case Repeat(part, least, most):
                state = self._repeated(part, least, most, then)
            case Look(part, negative):
                state = self._state(then)
                self._tests[state] = len(self._looks), negative
                self._looks.append(Automaton(part, backwards=True))
            case Edge():
                state = self._state(then)
                self._tests[state] = node
            case _:
                assert_never(node)
        return state

    def _repeated(self, part: Node, least: int, most: int | None, then: int) -> int:
        begin = then
        if most is None:
            begin = self._state()
            self._ways[begin] = self._built(part, begin), then
        else:
            for _ in range(most - least):
                begin = self._state(self._built(part, begin), then)
        for _ in range(least):
            begin = self._built(part, begin)
        return begin

    def _stepped(self, states: States, character: str, text: str, at: int, seen: Seen) -> States:
        """Give the states behind a character, at a place of the text."""
        step = states, character
        # Conditions depend on the place; without any a step is the same wherever it is made.
        if not self._tests and (known := self._steps.get(step)) is not None:
            return known
        code = ord(character)
        passed = [
            self._ways[state][0]
            for state in states
            if state != _MATCHED and holds(self._letters[state], code)
        ]
        if self._backwards:
            passed.append(self._begin)
        found = self._reached(passed, text, at, seen)
        if not self._tests:
            self._keep(step, found)
        return found

    def _keep(self, step: tuple[States, str], found: States) -> None:
        self._kept += len(found) + 1
        if self._kept > _MAX_KEPT:
            self._steps.clear()
            self._kept = 0
        self._steps[step] = found

    def _reached(self, begin: Iterable[int], text: str, at: int, seen: Seen) -> States:
        """Give where one comes without passing a character."""
        waiting, visited, found = list(begin), set[int](), set[int]()
        while waiting:
            state = waiting.pop()
            if state in visited:
                continue
            visited.add(state)
            if state == _MATCHED or state in self._letters:
                found.add(state)
            elif self._allows(state, text, at, seen):
                waiting.extend(self._ways[state])
        return frozenset(found)

    def _allows(self, state: int, text: str, at: int, seen: Seen) -> bool:
        match self._tests.get(state):
            case None:
                return True
            case Edge() as edge:
                return _is_at(edge, text, at)
            case look, negative:
                return seen[look][at] is not negative


def _is_at(edge: Edge, text: str, at: int) -> bool:
    match edge:
        case Edge.BEGIN:
            return at == 0
        case Edge.END:
            return at == len(text)
        case Edge.WORD:
            return _in_word(text, at - 1) is not _in_word(text, at)
        case Edge.NO_WORD:
            return _in_word(text, at - 1) is _in_word(text, at)
        case _:
            assert_never(edge)


def _in_word(text: str, at: int) -> bool:
    return 0 <= at < len(text) and holds(WORD, ord(text[at]))
