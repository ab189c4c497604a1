"""The reader of documented examples, which the tests of all pages trust."""

from __future__ import annotations

import pytest

from tests.support.documented import Answers, Example, find_examples, read_documented

PAGE = """# Page

```sh
$ not an example
```

```console
$ curl -d '{"name":
    "Ann"}' http://127.0.0.1:8000/contacts
{"id": "contact_54f8b6e78401000", "name": "Ann", …}
$ ./crm objects
```

```console
$ curl \\
    http://127.0.0.1:8000/contacts
```
"""


def differences(said: str, given: str) -> list[str]:
    return Answers().differences(Example(1, "", said), given)


def test_commands_and_answers_are_told_apart() -> None:
    first, second, third = find_examples(PAGE)

    assert first.command.endswith("/contacts")
    assert first.answer == '{"id": "contact_54f8b6e78401000", "name": "Ann", …}'
    assert (second.command, second.answer) == ("./crm objects", "")
    assert third.command == "curl \\\n    http://127.0.0.1:8000/contacts"


def test_the_line_of_an_example_is_that_of_its_prompt() -> None:
    lines = PAGE.splitlines()

    assert [lines[one.line - 1][:2] for one in find_examples(PAGE)] == ["$ ", "$ ", "$ "]


def test_what_is_left_out_may_be_anything() -> None:
    assert read_documented('{"a": [1, …], …}') == {"a": [1, "…"], "…": "…"}
    assert differences('{"a": [1, …], …}', '{"a": [1, 2], "b": 3}') == []
    assert differences('{"at": "2026-…"}', '{"at": "2026-03-18"}') == []


@pytest.mark.parametrize(
    ("said", "given"),
    [
        ('{"a": 1}', '{"a": 1, "b": 2}'),
        ('{"a": 1, "b": 2}', '{"a": 1}'),
        ('{"a": 1, "b": 2, …}', '{"a": 1}'),
        ('{"a": 1}', '{"a": "1"}'),
        ('{"a": 1}', '{"a": true}'),
        ("[1]", "[1, 2]"),
        ("[1, 2, …]", "[1]"),
        ('{"a": "Ann"}', '{"a": "Annie"}'),
        ('{"a": 1}', "no JSON"),
        ("Records: 1", "Records: 12"),
    ],
)
def test_other_answers_are_told(said: str, given: str) -> None:
    assert differences(said, given) != []


def test_an_id_stands_for_the_same_record_from_then_on() -> None:
    answers = Answers()
    said = Example(1, "", '{"id": "deal_54f8b6e78401000"}')

    assert answers.differences(said, '{"id": "deal_00000000000000a"}') == []
    assert answers.filled("curl /deals/deal_54f8b6e78401000") == "curl /deals/deal_00000000000000a"
    assert answers.differences(said, '{"id": "deal_00000000000000a"}') == []
    assert answers.differences(said, '{"id": "deal_00000000000000b"}') != []


def test_an_id_belongs_to_its_object() -> None:
    assert differences('{"id": "deal_54f8b6e78401000"}', '{"id": "lead_00000000000000a"}') != []


def test_two_ids_are_two_records() -> None:
    said = '{"a": "deal_54f8b6e78401000", "b": "deal_54f8b6e78402000"}'
    answers = Answers()

    answers.differences(Example(1, "", said), '{"a": "deal_1f0000000000001", "b": "deal_2"}')

    assert set(answers.ids.values()) == {"deal_1f0000000000001", "deal_2"}
