"""Examples of the documentation: commands with the answers they give, as they stand in a page.

In a block marked `console`, lines that begin with `$ ` are commands and what follows is their
answer. An answer in JSON is compared as JSON: `…` inside a text stands for any text, and `…` beside
other members for those that are not shown. An id that is seen for the first time stands for the one
that the server made, in later answers and commands too.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

MORE: Final = "\N{HORIZONTAL ELLIPSIS}"
_BLOCK: Final = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PROMPT: Final = "$ "
_TOKEN: Final = re.compile(rf'"(?:[^"\\]|\\.)*"|{MORE}|[\[\]{{}}]|[^"{MORE}\[\]{{}}]+')
ID: Final = re.compile(r"\b([a-z][a-z0-9]*)_[0-9a-f]{15}\b")


@dataclass(frozen=True, slots=True)
class Example:
    """One command. line: where it stands in the page. answer: what follows it there."""

    line: int
    command: str
    answer: str


def find_examples(page: str) -> Iterator[Example]:
    """Yield the examples of a page in their order."""
    for block in _BLOCK.finditer(page):
        first = page.count("\n", 0, block.start(1)) + 1
        yield from _in_block(block[1].splitlines(), first)


def _in_block(lines: list[str], first: int) -> Iterator[Example]:
    starts = [number for number, text in enumerate(lines) if text.startswith(_PROMPT)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        after = start + 1
        while not _is_whole("\n".join(lines[start:after])):
            after += 1
        command = "\n".join(lines[start:after]).removeprefix(_PROMPT)
        yield Example(first + start, command, "\n".join(lines[after:end]).rstrip())


def _is_whole(command: str) -> bool:
    """Tell whether a shell would wait for more."""
    try:
        shlex.split(command)
    except ValueError:
        return False
    return not command.endswith("\\")


@dataclass(slots=True)
class Answers:
    """Compares answers with a page. ids: what the ids of the page stand for by now."""

    ids: dict[str, str] = field(default_factory=dict)

    def filled(self, command: str) -> str:
        """Give a command with the ids that the server made."""
        return ID.sub(lambda found: self.ids.get(found[0], found[0]), command)

    def differences(self, example: Example, given: str) -> list[str]:
        """Give what an answer has otherwise than the page says; nothing if it is as documented."""
        if not example.answer:
            return []
        if example.answer[0] not in "{[":
            return self._text(example.answer, given.rstrip(), "the answer")
        try:
            return list(self._json(read_documented(example.answer), json.loads(given), ""))
        except json.JSONDecodeError:
            return [f"no JSON came: {given[:500]}"]

    def _json(self, said: Any, given: Any, at: str) -> Iterator[str]:
        if isinstance(said, dict) and isinstance(given, dict):
            yield from self._members(said, given, at)
        elif isinstance(said, list) and isinstance(given, list):
            yield from self._items(said, given, at)
        elif isinstance(said, str) and isinstance(given, str):
            yield from self._text(said, given, at)
        elif said != given or isinstance(said, bool) != isinstance(given, bool):
            yield f"{at} is {json.dumps(given)[:300]}, not {json.dumps(said)[:300]}"

    def _members(self, said: dict[str, Any], given: dict[str, Any], at: str) -> Iterator[str]:
        for name in said.keys() - given.keys() - {MORE}:
            yield f"{at}/{name} is missing"
        if MORE not in said:
            yield from (f"{at}/{name} is not shown" for name in given.keys() - said.keys())
        for name in said.keys() & given.keys():
            yield from self._json(said[name], given[name], f"{at}/{name}")

    def _items(self, said: list[Any], given: list[Any], at: str) -> Iterator[str]:
        shown = [item for item in said if item != MORE]
        if len(shown) > len(given) or (len(shown) == len(said) < len(given)):
            yield f"{at} has {len(given)} items, not {len(shown)}"
        for number, (one, other) in enumerate(zip(shown, given, strict=False)):
            yield from self._json(one, other, f"{at}/{number}")

    def _text(self, said: str, given: str, at: str) -> list[str]:
        known = self.filled(said)
        parts = re.split(f"({MORE}|{ID.pattern.replace('(', '(?:')})", known)
        pattern = "".join(map(self._pattern, parts))
        found = re.fullmatch(pattern, given, re.DOTALL)
        if found is None:
            return [f"{at} is\n{given[:2000]}\nnot\n{said}"]
        self.ids |= {name.removeprefix("id_"): made for name, made in found.groupdict().items()}
        return []

    def _pattern(self, part: str) -> str:
        if part == MORE:
            return ".*?"
        if ID.fullmatch(part) and part not in self.ids.values():
            return f"(?P<id_{part}>{part.partition('_')[0]}_[0-9a-f]+)"
        return re.escape(part)


def read_documented(text: str) -> Any:
    """Read JSON in which `…` may stand alone, for what is left out."""
    inside: list[str] = []
    written: list[str] = []
    for token in _TOKEN.findall(text):
        if token in "[{":
            inside.append(token)
        elif token in "]}":
            inside.pop()
        alone = f'"{MORE}": "{MORE}"' if inside and inside[-1] == "{" else f'"{MORE}"'
        written.append(alone if token == MORE else token)
    return json.loads("".join(written))
