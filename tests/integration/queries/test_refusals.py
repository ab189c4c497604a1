"""What cannot be answered is refused in words."""

from __future__ import annotations

import pytest

from tests.support.query_world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "SELECT nme FROM Deal",
            ("query.unknown_field", "Deal has no field nme.", "Did you mean name?"),
        ),
        (
            "SELECT id FROM Deal USING SCOPE ours",
            (
                "query.not_supported",
                "There is no scope ours.",
                (
                    "The scopes are everything, mine, mine_and_my_groups, delegated, team, "
                    "my_territory and my_team_territory."
                ),
            ),
        ),
        (
            "SELECT id FROM Compny",
            ("query.unknown_object", "There is no object Compny.", "Did you mean Company?"),
        ),
        (
            "SELECT id FROM Deal WHERE value = 'much'",
            (
                "query.type_mismatch",
                "This must be a number.",
                "Write it without quotes, such as 12.5.",
            ),
        ),
        (
            "SELECT id FROM Deal WHERE value LIKE 'a%'",
            (
                "query.type_mismatch",
                "Value is a field of the type Currency, which has no LIKE.",
                "It has =, !=, <, <=, >, >=, IN, NOT IN.",
            ),
        ),
        (
            "SELECT id FROM Deal WHERE name = TODAY",
            ("query.type_mismatch", "Name holds no dates.", "Text stands in quotes."),
        ),
        (
            "SELECT id FROM Deal WHERE value > null",
            ("query.type_mismatch", "Nothing is > null.", "Compare with null by = or !=."),
        ),
        (
            "SELECT id FROM Deal WHERE value > :least",
            (
                "query.missing_parameter",
                "The parameter least has no value.",
                "Send it in params.",
            ),
        ),
        (
            "SELECT name FROM Deal GROUP BY stage",
            (
                "query.contradiction",
                "name is neither grouped nor counted.",
                "Write GROUP BY name, or COUNT(name).",
            ),
        ),
        (
            "SELECT id FROM Deal WHERE COUNT(id) > 1",
            (
                "query.contradiction",
                "COUNT stands where there are no groups.",
                "Write the condition behind HAVING.",
            ),
        ),
        (
            "SELECT SUM(name) FROM Deal",
            ("query.type_mismatch", "Name is a field of the type Text, which has no SUM.", None),
        ),
        (
            "SELECT id FROM Deal ORDER BY description",
            (
                "query.type_mismatch",
                "Description is a field of the type Long text, which cannot be sorted.",
                None,
            ),
        ),
        (
            "SELECT SUMM(value) FROM Deal",
            ("query.unknown_function", "There is no function SUMM.", None),
        ),
        (
            "SELECT id FROM Deal OFFSET 10001",
            (
                "query.contradiction",
                "OFFSET goes up to 10000.",
                "Follow the cursor in next, which costs nothing however far it goes.",
            ),
        ),
    ],
)
async def test_what_cannot_be_answered_is_refused_in_words(
    world: World, text: str, problem: tuple[str, str, str | None]
) -> None:
    assert await world.problem(text) == problem
