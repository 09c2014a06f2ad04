"""Subscribers of jobs: told what becomes of them, and never led inside."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from working import ASYNC, EXAMPLE, SLOW, execute, finished, held_grids, made, queries_of_jobs, rows, until

if TYPE_CHECKING:
    from serving import Service

Told = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def subscriber() -> Iterator[tuple[str, Told]]:
    """Address of a listener, and what it was told: path and body."""
    told: Told = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", told
    server.shutdown()
    thread.join()
    server.server_close()


def accepted_with_subscriber(service: Service, process: str, inputs: dict[str, Any], base: str) -> str:
    """Id of a job whose subscriber the worker may reach; the service itself is not told that it may."""
    id_ = made(service, process, inputs).rsplit("/", 1)[1]
    names = {"successUri": "success", "inProgressUri": "progress", "failedUri": "failed"}
    with service.database.transaction() as cursor:
        cursor.execute(
            "update wangge.jobs set subscriber = %s where id = %s",
            (json.dumps({name: f"{base}/{path}" for name, path in names.items()}), id_),
        )
    return id_


def test_a_subscriber_is_told_of_the_start_and_gets_the_result(served: Service, subscriber: tuple[str, Told]) -> None:
    base, told = subscriber
    with held_grids(served.database):
        first = made(served, "check-codes", SLOW)  # keeps the worker, so that the next one waits
        until(lambda: queries_of_jobs(served.database))
        id_ = accepted_with_subscriber(served, "explain-code", EXAMPLE, base)
    finished(served, first)
    until(lambda: len(told) == 2)
    assert [path for path, _ in told] == ["/progress", "/success"]
    assert told[0][1]["jobID"] == id_
    assert told[1][1] == served.get(f"jobs/{id_}/results", "staff").json()
    until(lambda: not rows(served.database, "select from wangge.job_callbacks"))


def test_a_subscriber_is_told_of_a_failure_and_of_a_dismissal(served: Service, subscriber: tuple[str, Told]) -> None:
    base, told = subscriber
    bad = {"layer": "grids", "features": {"type": "FeatureCollection", "features": []}}
    with held_grids(served.database):
        made(served, "check-codes", SLOW)
        until(lambda: queries_of_jobs(served.database))
        failing = accepted_with_subscriber(served, "check-coverage", bad, base)
        dismissed = accepted_with_subscriber(served, "explain-code", EXAMPLE, base)
        served.request("DELETE", f"jobs/{dismissed}", "staff")
    until(lambda: len([path for path, _ in told if path == "/failed"]) == 2)
    said = {body["jobID"]: body["status"] for path, body in told if path == "/failed"}
    assert said == {dismissed: "dismissed", failing: "failed"}


def test_a_subscriber_inside_is_refused_before_the_job(served: Service, subscriber: tuple[str, Told]) -> None:
    """The service's own settings allow no private network."""
    base, told = subscriber
    for uri in (
        base,
        "http://localhost/x",
        "http://2130706433/",
        "http://[::ffff:10.0.0.1]/",
        "ftp://example.org/",
        "x",
    ):
        for body in ({"successUri": uri}, {"successUri": "https://example.org/", "failedUri": uri}):
            answer = execute(served, "explain-code", EXAMPLE, headers=ASYNC, body={"subscriber": body})
            assert answer.status_code == 400, uri
            assert list(body)[-1] in answer.json()["description"]
    assert rows(served.database, "select from wangge.jobs") == []
    assert told == []


@pytest.mark.parametrize(
    "sent", ["x", [], {}, {"failedUri": "https://example.org/"}, {"successUri": 1}, {"other": "x"}]
)
def test_a_malformed_subscriber_is_refused(served: Service, sent: Any) -> None:
    answer = execute(served, "explain-code", EXAMPLE, headers=ASYNC, body={"subscriber": sent})
    assert answer.status_code == 400
    assert "successUri" in answer.json()["description"]


def test_a_subscriber_without_a_job_is_refused(served: Service) -> None:
    answer = execute(served, "explain-code", EXAMPLE, body={"subscriber": {"successUri": "https://example.org/"}})
    assert answer.status_code == 400
    assert "respond-async" in answer.json()["description"]
