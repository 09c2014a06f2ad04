"""Personal keys: shown once, kept as a hash, good for their role until they are revoked."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from working import until

from geo.errors import InvalidInput, NotFound
from layers.identity import Identity
from layers.keys import add_key, identify, list_keys, revoke_key

CASES = "/collections/cases/items?limit=1"
GRIDS = "/collections/grids/items?limit=1"
TOWN = "321283001"


@pytest.fixture
def town(db: Any) -> Any:
    """An empty database with one township in it."""
    with db.transaction() as cursor:
        for code, level in (("321283", "county"), (TOWN, "township")):
            cursor.execute(
                "insert into wangge.divisions (code, name, level, geom) values"
                " (%s, 'x', %s, st_multi(st_makeenvelope(120, 32, 120.1, 32.1, 4490)))",
                (code, level),
            )
    return db


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def test_a_key_says_who_asks(town: Any) -> None:
    keys = {role: add_key(town, role, None, f"for {role}") for role in ("public", "staff", "editor", "admin")}
    for number, (role, key) in enumerate(keys.items(), 1):
        assert identify(town.api, key) == Identity(role, None, f"for {role}", number)
    key = add_key(town, "staff", TOWN, "镇街")
    assert identify(town.api, key) == Identity("staff", TOWN, "镇街", 5)
    assert len({*keys.values(), key}) == 5
    assert all(len(key) > 40 for key in keys.values())


def test_no_key_is_kept(town: Any) -> None:
    """What is in the database is a hash: the key stands nowhere, not in any column of any row."""
    key = add_key(town, "staff", None, "hidden")
    with town.transaction() as cursor:
        cursor.execute("select keys::text, octet_length(key_sha256) from wangge.keys as keys")
        ((row, length),) = cursor.fetchall()
    assert key not in row
    assert key.encode().hex() not in row
    assert length == 32


def test_nothing_but_the_key_is_the_key(town: Any) -> None:
    key = add_key(town, "admin", None, "one")
    for other in (
        key[:-1], key + "x", key.upper(), key[1:], "", key + " ", "wg_", "' or true --", "钥匙", key + "\x00", "\udcff",
    ):  # fmt: skip
        assert identify(town.api, other) is None
    assert identify(town.api, key) is not None


def test_a_revoked_key_is_nobody_s_and_stays_on_the_list(town: Any) -> None:
    key, other = add_key(town, "staff", None, "one"), add_key(town, "staff", None, "two")
    revoke_key(town, 1)
    assert identify(town.api, key) is None
    assert identify(town.api, other) is not None
    assert [(entry.id, entry.revoked_at is None) for entry in list_keys(town)] == [(1, False), (2, True)]
    for number in (1, 99):
        with pytest.raises(NotFound):
            revoke_key(town, number)


def test_a_key_that_makes_no_sense_is_refused(town: Any) -> None:
    for role, township, name, key in (
        ("owner", None, "x", "key.role"), ("", None, "x", "key.role"), ("staff", None, "  ", "key.name"),
        ("editor", TOWN, "x", "key.township-role"), ("staff", "321283999", "x", "key.township"),
        ("staff", "321283", "x", "key.township"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput) as refused:
            add_key(town, role, township, name)
        assert refused.value.key == key
    assert list_keys(town) == []


# --- over HTTP


def test_a_key_is_taken_from_the_header_and_from_a_password(service: Any) -> None:
    key = service.keys["staff"]
    for headers in ({"X-API-Key": key}, basic("", key), basic("谁都行", key), {"Authorization": f"Bearer {key}"}):
        assert service.get(CASES, headers=headers).status_code == 200, headers
    assert service.get(CASES).status_code == 401
    for query in ("api_key", "key", "token", "X-API-Key", "apikey", "access_token"):
        answer = service.get(f"{CASES}&{query}={key}")
        assert answer.status_code == 401, "a key in the address leaks into logs"
        assert key not in answer.text


@pytest.mark.parametrize("path", ["/", GRIDS, CASES, "/collections",
"/collections/grids/tiles/WebMercatorQuad/12/1659/3413", "/map"])
def test_a_wrong_key_is_refused_and_not_taken_for_none(service: Any, path: str) -> None:
    """An answer as to the public would hide the mistake: the layer would only look emptier."""
    wrong = [
        {"X-API-Key": "wg_wrong"}, {"X-API-Key": "x" * 5000}, {"X-API-Key": service.keys["staff"] + "x"}, basic("x",
        "wrong"), basic("x", ""), {"Authorization": "Basic !!!"}, {"Authorization": "Basic"},
        {"Authorization": "Bearer"}, {"Authorization": "Digest x"}, {"X-API-Key": "\xff\xfe"},
        {"X-API-Key": "' or true --"}, {"Authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()},
    ]  # fmt: skip
    for headers in wrong:
        answer = service.get(path, headers=headers)
        assert answer.status_code == 401, headers
        assert answer.headers["WWW-Authenticate"].startswith("Basic")
        assert answer.headers["Cache-Control"] == "no-store"
        assert "wg_" not in answer.text


def test_a_revoked_key_stops_working(own_service: Any) -> None:
    """Told by the database, so within a moment; other keys go on."""
    key = add_key(own_service.database, "staff", None, "to be ended")
    number = max(entry.id for entry in list_keys(own_service.database))
    headers = {"X-API-Key": key}
    assert own_service.get(CASES, headers=headers).status_code == 200
    assert own_service.get(CASES, headers=headers).status_code == 200
    revoke_key(own_service.database, number)
    until(lambda: own_service.get(CASES, headers=headers).status_code == 401)
    for _ in range(10):
        assert own_service.get(CASES, headers=headers).status_code == 401
        assert own_service.get(GRIDS, headers=headers).status_code == 401
    assert own_service.get(CASES, "staff").status_code == 200


def test_a_new_key_works_at_once_even_where_it_was_tried_before(own_service: Any) -> None:
    for _ in range(3):
        key = add_key(own_service.database, "staff", own_service.township, "new")
        assert own_service.get(CASES, headers={"X-API-Key": key + "x"}).status_code == 401
        answer = own_service.get(CASES, headers={"X-API-Key": key})
        assert answer.json()["features"][0]["properties"]["township_code"] == own_service.township


def test_no_key_is_written_into_the_log(service: Any) -> None:
    service.get(CASES, "staff")
    service.get("/nothing", "admin")
    log = service.log.read_text("utf-8", "replace")
    assert not any(key in log for key in service.keys.values())
