"""Settings: where they come from, what they refuse, and what a child process gets of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from config.settings import PREFIX, PROJECT, Settings, language, load
from geo.errors import InvalidInput
from layers.checking.ordinary import ORDINARY


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of whoever runs the tests."""
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)


def test_defaults_serve_this_machine_from_the_project_folder() -> None:
    settings = load()
    assert (settings.base_url, settings.data_dir) == ("http://127.0.0.1:5000", PROJECT / "data")
    assert settings.private_cluster


def test_what_is_given_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANGGE_PORT", "6000")
    monkeypatch.setenv("WANGGE_WORKERS", "3")
    settings = load(port=7000, host=None)
    assert (settings.port, settings.workers, settings.host) == (7000, 3, "127.0.0.1")


def test_networks_of_subscribers_are_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().callback_allowed == ()
    monkeypatch.setenv("WANGGE_CALLBACK_NETWORKS", "10.20.0.0/16, fd00::/64")
    assert [str(network) for network in load().callback_allowed] == ["10.20.0.0/16", "fd00::/64"]
    for wrong in ("10.20.0.1/16", "inside", "10.20.0.0/16;10.30.0.0/16"):
        monkeypatch.setenv("WANGGE_CALLBACK_NETWORKS", wrong)
        with pytest.raises(ValidationError, match="callback_networks"):
            load()


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        load().port = 1  # type: ignore[misc]


@pytest.mark.parametrize("value", ["x", "0", "65536"])
def test_a_wrong_port_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("WANGGE_PORT", value)
    with pytest.raises(ValidationError, match="port"):
        load()


@pytest.mark.parametrize(
    ("given", "key"),
    [("database_url", "cli.no-api-database-url"), ("api_database_url", "cli.no-database-url")],
)
def test_one_address_without_the_other_is_refused(given: str, key: str) -> None:
    """The service must never work as the owner, whom row-level security does not bind."""
    with pytest.raises(InvalidInput) as caught:
        load(**{given: "postgresql://somebody@somewhere/wangge"})
    assert caught.value.key == key


def test_a_child_gets_these_settings_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANGGE_WORKERS", "5")
    monkeypatch.setenv("SOMETHING_ELSE", "kept")
    settings = Settings(port=6001, workers=1, data_dir=Path("somewhere"))
    environment = settings.environment()
    assert environment["SOMETHING_ELSE"] == "kept"
    for name in list(environment):
        monkeypatch.setenv(name, environment[name])
    assert load() == settings


@pytest.mark.parametrize(
    ("host", "public", "url"),
    [
        ("0.0.0.0", None, "http://127.0.0.1:5000"),
        ("::", None, "http://[::1]:5000"),
        ("::1", None, "http://[::1]:5000"),
        ("192.0.2.7", None, "http://192.0.2.7:5000"),
        ("127.0.0.1", "https://map.example.org/grid/", "https://map.example.org/grid"),
    ],
)
def test_the_address_that_clients_see(host: str, public: str | None, url: str) -> None:
    assert load(host=host, public_url=public).base_url == url


def test_addresses_of_a_private_cluster_are_unknown_until_it_is_held() -> None:
    """An empty address would lead to whatever server the environment of the caller names."""
    with pytest.raises(RuntimeError):
        _ = load().owner_dsn


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "", "LC_MESSAGES": "zh_SG"}, "zh"),
    ],
)
def test_language_of_the_terminal(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert language() == expected


def test_limits_of_grids_are_those_of_the_checks_unless_they_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().grid_limits == ORDINARY
    monkeypatch.setenv("WANGGE_GRID_LEAST_M2", "0")
    monkeypatch.setenv("WANGGE_GRID_MOST_PEOPLE", "inf")
    limits = load().grid_limits
    assert (limits.least_m2, limits.most_people) == (0, float("inf"))
    monkeypatch.setenv("WANGGE_GRID_MOST_PEOPLE", "0.5")
    with pytest.raises(InvalidInput) as refused:
        load()
    assert refused.value.values == {"least": "WANGGE_GRID_LEAST_PEOPLE", "most": "WANGGE_GRID_MOST_PEOPLE"}
    monkeypatch.setenv("WANGGE_GRID_MOST_PEOPLE", "nan")
    with pytest.raises(ValidationError):
        load()
