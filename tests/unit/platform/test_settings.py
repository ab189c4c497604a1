"""Settings come from options, then variables, then defaults; all bad ones are told at once."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fieldstone.errors import Several
from fieldstone.platform.settings import Environment, Settings, load_secret_key, load_settings


def test_defaults_listen_on_this_machine_alone() -> None:
    settings = load_settings({}, {})

    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)
    assert settings.environment is Environment.DEVELOPMENT
    assert settings.url == "http://127.0.0.1:8000"


def test_option_wins_over_variable_and_variable_over_default() -> None:
    variables = {"FIELDSTONE_PORT": "9000", "FIELDSTONE_WORKERS": "3"}

    settings = load_settings(variables, {"port": 9001, "workers": None})

    assert (settings.port, settings.workers) == (9001, 3)


def test_empty_variable_counts_as_unset() -> None:
    assert load_settings({"FIELDSTONE_DATABASE_URL": ""}, {}).database_url is None


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("FIELDSTONE_PORT", "http"),
        ("FIELDSTONE_PORT", "70000"),
        ("FIELDSTONE_PORT", "²"),
        ("FIELDSTONE_WORKERS", "0"),
        ("FIELDSTONE_ENV", "prod"),
        ("FIELDSTONE_DEMO", "perhaps"),
        ("FIELDSTONE_DATABASE_URL", "mysql://x"),
        ("FIELDSTONE_REDIS_URL", "localhost"),
        ("FIELDSTONE_DOMAIN", "https://crm.example"),
        ("FIELDSTONE_DOMAIN", "crm..example"),
        ("FIELDSTONE_DOMAIN", "*.crm.example"),
        ("FIELDSTONE_DOMAIN", "crm.example:8000"),
        ("FIELDSTONE_CONNECTION_WAIT_S", "0"),
        ("FIELDSTONE_REQUEST_TIMEOUT_S", "nan"),
        ("FIELDSTONE_REQUEST_TIMEOUT_S", "-1"),
    ],
)
def test_value_that_makes_no_sense_names_its_variable(variable: str, text: str) -> None:
    with pytest.raises(Several) as caught:
        load_settings({variable: text}, {})

    assert caught.value.problem.code == "settings.bad_value"
    assert caught.value.problem.message.startswith(f"{variable} is {text!r}, but must be ")


def test_all_bad_settings_are_told_at_once() -> None:
    with pytest.raises(Several) as caught:
        load_settings({"FIELDSTONE_PORT": "x"}, {"body_limit_bytes": "y"})

    told = [problem.message.split()[0] for problem in caught.value.problems]
    assert told == ["FIELDSTONE_PORT", "--body-limit-bytes"]


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://127.0.0.1:8000"), ("::1", "http://[::1]:8000")],
)
def test_url_of_the_server_can_be_called(host: str, url: str) -> None:
    assert load_settings({}, {"host": host}).url == url


def test_named_url_wins_over_host_and_port() -> None:
    assert (
        load_settings({"FIELDSTONE_URL": "https://crm.example/"}, {}).url == "https://crm.example"
    )


@pytest.mark.parametrize("text", ["crm.example", "CRM.Example", ".crm.example", "crm.example."])
def test_domain_is_read_as_names_are(text: str) -> None:
    assert load_settings({"FIELDSTONE_DOMAIN": text}, {}).domain == "crm.example"


def test_login_of_requests_is_the_owners_only_where_no_other_is_told() -> None:
    owner, login = "postgresql://owner@h/d", "postgresql://app@h/d"

    assert Settings(database_url=owner).login_url == owner
    assert Settings(database_url=owner, app_database_url=login).login_url == login
    assert Settings(app_database_url=login).login_url == login


def test_secrets_do_not_show_in_the_representation() -> None:
    settings = Settings(
        database_url="postgresql://u:hidden@h/d",
        app_database_url="postgresql://v:hidden@h/d",
        secret_key="hidden",
    )

    assert "hidden" not in repr(settings)


def test_secret_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "new")

    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(load_secret_key, [settings] * 32))

    assert len(keys) == 1
    assert len(keys.pop()) >= 43
    assert stat.S_IMODE((tmp_path / "new" / "secret.key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["secret.key"]


def test_given_secret_key_needs_no_file(tmp_path: Path) -> None:
    assert load_secret_key(Settings(data=tmp_path, secret_key="given")) == "given"
    assert list(tmp_path.iterdir()) == []
