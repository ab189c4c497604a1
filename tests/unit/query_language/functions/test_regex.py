"""What REGEX reads and what it refuses, and that no pattern runs away."""

from __future__ import annotations

import pytest

from fieldstone.errors import Span
from fieldstone.query_language.formula.errors import WrongArguments
from fieldstone.query_language.regular.automaton import Automaton
from fieldstone.query_language.regular.nodes import looks
from fieldstone.query_language.regular.read import BadPattern, read_pattern
from fieldstone.query_language.regular.render import render_for_postgresql
from tests.support.formulas import FAILED, typed, value_of


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a)\1",
        "(ab|a)++",
        "(a|bc)*+",
        "a++?",
        "a**",
        "*a",
        "(?<=a)b",
        "(?>a|ab)",
        "(?m)a",
        "[a-z&&[^a-z]]",
        "[a-z&&]",
        "[a-z",
        "[a-[b]",
        "[[[" * 11 + "a" + "]]]" * 11,
        "[z-a]",
        "[]",
        r"[^\s\S]",
        "(a",
        "a)",
        "a{2",
        "a{3,2}",
        r"\p{IsGreek}",
        r"\p{Cs}",
        r"\p{L}" * 8,
        r"\q",
        "a\\",
        r"\ud83d",
        "^*",
        "(?=a)+",
        "(" * 40 + ")" * 40,
        "(a{100}){11}",
        "a" * 1001,
    ],
)
def test_what_is_not_the_same_everywhere_is_refused(pattern: str) -> None:
    with pytest.raises(BadPattern):
        read_pattern(pattern)


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "(a*)*b", "a*a*a*a*a*b"])
def test_no_pattern_takes_longer_than_its_text_is_long(pattern: str) -> None:
    assert not Automaton(read_pattern(pattern)).matches("a" * 50_000)


@pytest.mark.parametrize(
    ("pattern", "matched", "others"),
    [
        ("[a-z&&[^aeiou]]+", "xyz", "xaz"),
        ("[a-c[x-z]]+", "abxz", "amx"),
        ("[^a-c[x-z]]", "m", "x"),
        (r"[\w&&[^\d_]]+", "aZ", "a1"),
        ("[a-z&&b-y&&[^m]]", "b", "m"),
        ("(?i)[a-z&&[^e]]", "A", "E"),
        ("[a-]+", "a-", "b"),
        ("[a&]", "&", "b"),
        (r"\p{Lu}\p{L}*", "Éva", "éva"),
        (r"\pL+", "Łoś", "Ł1"),
        (r"[^\p{L}\p{N}]+", "+-", "+a"),
        (r"\P{L}", "1", "é"),
        (r"\p{IsL}\p{Sc}", "a€", "a1"),
    ],
)
def test_sets_and_categories(pattern: str, matched: str, others: str) -> None:
    automaton = Automaton(read_pattern(pattern))

    assert automaton.matches(matched)
    assert not automaton.matches(others)


def test_a_pattern_describes_all_of_a_text() -> None:
    assert not value_of("REGEX(t1, 'b')", t1="abc")


def test_signs_for_beginning_and_end_change_nothing() -> None:
    assert not looks(read_pattern("^a$|^b$"))
    assert value_of("REGEX(t1, '^a$|^b$')", t1="b")


def test_a_line_break_at_the_end_belongs_to_the_text() -> None:
    assert not value_of("REGEX(t1, '^a$')", t1="a\n")


def test_a_repetition_of_more_than_255_times_is_written_in_steps() -> None:
    assert render_for_postgresql(read_pattern("a{2,600}")) == "^(?:a{2}a{0,255}a{0,255}a{0,88})$"


def test_a_pattern_that_is_no_constant_is_refused_at_its_place() -> None:
    with pytest.raises(WrongArguments) as refused:
        typed("REGEX(t1, t2)")

    assert refused.value.problem.at == Span(1, 11, 2)


def test_looking_ahead_through_a_long_text_fails() -> None:
    assert value_of("REGEX(t1, '(?=a).*')", t1="a" * 10_001) == FAILED
