"""Changes told to others: what is told, to whom, in which order, and what becomes of it when a target fails."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import random
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from receivers import RealBroker, posted_to
from working import PATIENCE_S, rows, settings_of, until

from config.push.cloud_event import cloud_event
from config.settings import PROJECT, Settings
from geo.errors import Forbidden
from layers.identity import ADMIN, Identity, acting
from layers.push.outbox import REJECTED_AGAIN_S, due_events
from layers.push.subscriptions import add_subscription, list_dead, list_subscriptions, revive

LOOPBACK = {"callback_networks": "127.0.0.0/8"}
CHANGES = int(os.environ.get("WANGGE_PUSH_CHANGES", "600"))
"""How many changes the test with the killing makes."""

AT_ONCE = 200
"""The most of them between two kills."""


@contextmanager
def dispatching(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A dispatcher in a process of its own."""
    with (settings.data_dir / "push.log").open("ab") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", "config.push.dispatcher", "--parent", str(os.getpid())],
            env=settings.environment(), cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield running
    finally:
        running.terminate()
        running.wait(PATIENCE_S)


def subscribe(database: Any, kind: str, uri: str, layers: list[str], township: str | None = None) -> int:
    secret = b"0123456789abcdef" if kind == "webhook" else None
    with acting(ADMIN), database.api.transaction() as cur:
        return add_subscription(cur, "test", kind, uri, secret, layers, township)


def change(database: Any, sql: str, *values: object) -> None:
    with database.transaction() as cur:
        cur.execute(sql, values)


def codes(database: Any, count: int) -> list[str]:
    return [code for (code,) in rows(database, "select code from wangge.grids order by code limit %s", (count,))]


def left(database: Any) -> tuple[int, int]:
    """Deliveries and events that are still there."""
    return rows(database, "select (select count(*) from wangge.deliveries), (select count(*) from wangge.events)")[0]


def last_error(database: Any) -> str | None:
    """Why the only subscription was not served the last time."""
    with acting(ADMIN), database.api.transaction() as cur:
        return list_subscriptions(cur)[0].last_error


# --- what is written


def test_nobody_subscribed_costs_nothing(city_copy: Any) -> None:
    change(city_copy, "update wangge.grids set population = population + 1")
    assert left(city_copy) == (0, 0)


def test_a_change_is_an_event_of_the_same_transaction(city_copy: Any) -> None:
    subscribe(city_copy, "mqtt", "mqtt://127.0.0.1/x", ["grids"])
    first, second = codes(city_copy, 2)
    with pytest.raises(ZeroDivisionError), city_copy.transaction() as cur:
        cur.execute("update wangge.grids set population = 1 where code = %s", (first,))
        raise ZeroDivisionError
    assert left(city_copy) == (0, 0)
    change(city_copy, "update wangge.grids set population = 1 where code = %s", first)
    change(city_copy, "update wangge.grids set population = population")
    change(city_copy, "delete from wangge.grids where code = %s", second)
    change(city_copy, "update wangge.cases set state = state")
    found = rows(city_copy, "select operation, feature, properties from wangge.events order by number")
    assert [(operation, feature) for operation, feature, _ in found] == [("updated", first), ("deleted", second)]
    assert found[0][2]["population"] == 1
    assert found[0][2]["geometry_changed"] is False
    assert {"geom", "mercator", "fid"}.isdisjoint(found[0][2])


def test_a_township_is_told_of_its_own(city_copy: Any) -> None:
    towns = [code for (code,) in rows(
        city_copy, "select code from wangge.divisions where level = 'township' order by code limit 2")]  # fmt: skip
    subscribe(city_copy, "mqtt", "mqtt://127.0.0.1/x", ["grids"], towns[0])
    change(city_copy, "update wangge.grids set population = population + 1 where township_code = any(%s)", towns)
    told = rows(city_copy, "select distinct township_code from wangge.events")
    assert told == [(towns[0],)]


@pytest.mark.parametrize("role", ["public", "staff", "editor"])
def test_only_an_administrator_subscribes(city_copy: Any, role: str) -> None:
    with acting(Identity(role)), city_copy.api.transaction() as cur, pytest.raises(Forbidden):
        add_subscription(cur, "test", "mqtt", "mqtt://127.0.0.1/x", None, ["grids"], None)


# --- over the web


def test_a_webhook_is_signed_and_says_what_changed(city_copy: Any, tmp_path: Path) -> None:
    (code,) = codes(city_copy, 1)
    with posted_to() as receiver:
        subscribe(city_copy, "webhook", receiver.uri, ["grids"])
        settings = settings_of(city_copy, tmp_path, public_url="https://grids.example", **LOOPBACK)
        with dispatching(settings):
            change(city_copy, "update wangge.grids set population = 77 where code = %s", code)
            until(lambda: receiver.events)
            until(lambda: left(city_copy) == (0, 0))
    (headers, body), (event,) = receiver.events[0], receiver.documents()
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = base64.b64encode(hmac.new(b"0123456789abcdef", signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{digest}"
    assert headers["Content-Type"] == "application/cloudevents+json"
    assert (event["specversion"], event["id"]) == ("1.0", headers["webhook-id"])
    assert (event["type"], event["subject"]) == ("cn.wangge.grids.updated", code)
    assert event["data"]["properties"]["population"] == 77
    assert event["data"]["href"] == f"https://grids.example/collections/grids/items/{code}"


def test_what_one_event_meets_holds_up_its_own_feature_only(city_copy: Any, tmp_path: Path) -> None:
    bad, good = codes(city_copy, 2)
    with posted_to() as receiver:
        receiver.answer = lambda event: 422 if event["subject"] == bad else 200
        number = subscribe(city_copy, "webhook", receiver.uri, ["grids"])
        for people in (1, 2):
            change(city_copy, "update wangge.grids set population = %s where code = any(%s)", people, [bad, good])
        with dispatching(settings_of(city_copy, tmp_path, **LOOPBACK)):
            until(lambda: len(receiver.events) == 2)
            assert [event["subject"] for event in receiver.documents()] == [good, good]
            until(lambda: rows(city_copy, "select attempts from wangge.deliveries where attempts > 0"))
            for tried in range(1, len(REJECTED_AGAIN_S) + 1):
                change(city_copy, "update wangge.deliveries set due_at = now(); notify wangge_push")
                until(lambda n=tried: rows(
                    city_copy, "select true from wangge.deliveries where attempts > %s or dead_at is not null", (n,)
                ))  # fmt: skip
            with acting(ADMIN), city_copy.api.transaction() as cur:
                (dead,) = list_dead(cur, number)
                assert (dead.feature, dead.reason) == (bad, "HTTP 422")
            # given up is the first alone; the second is tried on its own account
            receiver.answer = lambda event: 200
            change(city_copy, "update wangge.deliveries set due_at = now(); notify wangge_push")
            until(lambda: len(receiver.events) == 3)
            with acting(ADMIN), city_copy.api.transaction() as cur:
                assert revive(cur, number) == 1
            until(lambda: left(city_copy) == (0, 0))
    last, revived = receiver.documents()[2:]
    assert (last["subject"], revived["subject"]) == (bad, bad)
    assert revived["sequence"] < last["sequence"]


def test_nothing_goes_into_a_private_network(city_copy: Any, tmp_path: Path) -> None:
    (code,) = codes(city_copy, 1)
    with posted_to() as receiver, dispatching(settings_of(city_copy, tmp_path)):
        subscribe(city_copy, "webhook", receiver.uri, ["grids"])
        change(city_copy, "update wangge.grids set population = 1 where code = %s", code)
        assert "private" in until(lambda: last_error(city_copy))
    assert receiver.events == []


# --- to a broker, and through whatever is killed


@pytest.fixture
def broker(program: Any, tmp_path: Path) -> Iterator[RealBroker]:
    found = RealBroker(program("mosquitto"), tmp_path)
    found.start()
    yield found
    found.stop()


def test_a_broker_gets_a_topic_a_layer_and_township(city_copy: Any, broker: RealBroker, tmp_path: Path) -> None:
    subscribe(city_copy, "mqtt", f"mqtt://127.0.0.1:{broker.port}/wangge/taixing", ["cases", "jobs"])
    ((case, township),) = rows(city_copy, "select case_no, township_code from wangge.cases order by case_no limit 1")
    with dispatching(settings_of(city_copy, tmp_path)):
        change(city_copy, "delete from wangge.cases where case_no = %s", case)
        until(lambda: broker.heard)
    topic, body, media = broker.heard[0]
    assert topic == f"wangge/taixing/cases/{township}/deleted"
    assert media == "application/cloudevents+json"
    assert case.encode() in body


@pytest.mark.parametrize(
    ("settings", "reason"),
    [("acl_file {}/none\n", "Not authorized"), ("password_file {}/none\n", "Not authorized")],
    ids=["topic", "password"],
)
def test_what_a_broker_may_not_take_waits_and_the_administrator_reads_why(
    city_copy: Any, program: Any, tmp_path: Path, settings: str, reason: str
) -> None:
    (tmp_path / "none").touch()
    broker = RealBroker(program("mosquitto"), tmp_path, settings.format(tmp_path))
    broker.start()
    try:
        # a name that the broker doesn't know; its listener has none and may
        subscribe(city_copy, "mqtt", f"mqtt://a:b@127.0.0.1:{broker.port}/other", ["grids"])
        change(city_copy, "update wangge.grids set population = 5 where code = %s", *codes(city_copy, 1))
        with dispatching(settings_of(city_copy, tmp_path)):
            assert reason in until(lambda: last_error(city_copy))
        assert left(city_copy) == (1, 1)
    finally:
        broker.stop()


def test_every_change_arrives_in_order_through_kills(city_copy: Any, broker: RealBroker, tmp_path: Path) -> None:
    """The dispatcher, the broker and the web receiver end at random; each event comes, those of a feature in order."""
    chance = random.Random(7)
    names = codes(city_copy, 40)
    settings = settings_of(city_copy, tmp_path, **LOOPBACK)
    receivers = []
    with posted_to() as first:
        port = int(first.uri.split(":")[2].split("/")[0])
        subscribe(city_copy, "webhook", first.uri, ["grids"])
        subscribe(city_copy, "mqtt", f"mqtt://127.0.0.1:{broker.port}/wangge/x", ["grids"])
    made = 0
    while made < CHANGES or left(city_copy)[0]:
        with posted_to(port) as receiver, dispatching(settings) as running:
            receivers.append(receiver)
            for _ in range(min(CHANGES - made, max(CHANGES // 6, 1), AT_ONCE)):
                made += 1
                change(city_copy, "update wangge.grids set population = %s where code = %s", made, chance.choice(names))
            if made < CHANGES:
                time_left = chance.random() * 0.5
                until_some(city_copy, time_left)
                match chance.randrange(3):
                    case 0:
                        running.kill()
                    case 1:
                        broker.kill()
                        broker.start()
            else:
                change(city_copy, "update wangge.subscriptions set due_at = now(); notify wangge_push")
                until(lambda: left(city_copy)[0] == 0)
    # read last: an event may be on its way into a receiver when its sender is killed
    told = [event for receiver in receivers for event in receiver.documents()]
    until(lambda: len({body for _, body, _ in broker.heard}) == CHANGES)
    heard = [json.loads(body) for _, body, _ in broker.heard]
    for way in (told, heard):
        order: dict[str, list[int]] = defaultdict(list)
        known: set[str] = set()
        for event in way:
            if event["id"] not in known:  # a duplicate has the id of the first
                known.add(event["id"])
                order[event["subject"]].append(event["data"]["properties"]["population"])
        assert sorted(people for values in order.values() for people in values) == list(range(1, CHANGES + 1))
        assert all(values == sorted(values) for values in order.values())
    assert left(city_copy) == (0, 0)


def until_some(database: Any, seconds: float) -> None:
    """A while in which some of what is due is sent."""
    with database.transaction() as cur:
        cur.execute("select pg_sleep(%s)", (seconds,))


def test_the_asyncapi_document_is_valid_and_an_event_fits_it(service: Any, city_copy: Any) -> None:
    # pygeoapi's module loads a document when it is imported
    from pygeoapi.asyncapi import validate_asyncapi_document

    answer = service.get("/asyncapi?f=json")
    assert answer.headers["Content-Type"].startswith("application/asyncapi+json")
    document = answer.json()
    assert validate_asyncapi_document(document)
    links = {link["href"] for link in service.get("/?f=json").json()["links"]}
    assert f"{service.base_url}/asyncapi?f=json" in links
    subscribe(city_copy, "mqtt", "mqtt://127.0.0.1/x", ["grids"])
    change(city_copy, "update wangge.grids set population = 5 where code = %s", *codes(city_copy, 1))
    with city_copy.transaction() as cur:
        (event,) = due_events(cur, 1, 1)
    body = json.loads(cloud_event(event, service.base_url))
    jsonschema.validate(body, document["components"]["messages"]["grids"]["payload"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(body | {"type": "x"}, document["components"]["messages"]["grids"]["payload"])
