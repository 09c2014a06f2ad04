"""Jobs over HTTP: made, followed, read and dismissed through the real service with a real worker."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from working import ASYNC, EXAMPLE, SLOW, execute, finished, held_grids, made, queries_of_jobs, rows, until

from config.web.prefer import execution_preference
from processes.registry import PROCESSES

if TYPE_CHECKING:
    from serving import Service

TYPE = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"


@pytest.mark.parametrize(
    "prefer",
    [
        "respond-async", "respond-async, wait=10", "wait=10,respond-async", 'handling="a,b"; x, RESPOND-ASYNC',
        "a;b=c, respond-async;d",
    ],
)  # fmt: skip
def test_a_preference_makes_a_job_wherever_it_stands(served: Service, prefer: str) -> None:
    answer = execute(served, "explain-code", EXAMPLE, headers={"Prefer": prefer})
    assert answer.status_code == 201
    assert answer.headers["Preference-Applied"] == "respond-async"
    document = answer.json()
    assert answer.headers["Location"] == f"{served.base_url}/jobs/{document['jobID']}"
    assert (document["type"], document["processID"], document["status"]) == ("process", "explain-code", "accepted")
    assert UUID(document["jobID"]).version == 4  # nothing in it can be guessed from another


@pytest.mark.parametrize("prefer", ["", "wait=10", "return=minimal", 'x="respond-async"', "not-respond-async"])
def test_whoever_asks_for_no_job_waits_for_the_answer(served: Service, prefer: str) -> None:
    answer = execute(served, "explain-code", EXAMPLE, headers={"Prefer": prefer} if prefer else {})
    assert answer.status_code == 200
    assert "Location" not in answer.headers
    assert served.get("jobs", "staff").json()["jobs"] == []
    assert execution_preference(prefer) in (None, "wait")


@pytest.mark.parametrize("id_", [id_ for id_, process in PROCESSES.items() if not process.changing])
@pytest.mark.parametrize("response", ["raw", "document"])
def test_the_result_of_a_job_is_the_synchronous_answer(served: Service, id_: str, response: str) -> None:
    process = PROCESSES[id_]
    # the sample city is sound, and has no finding to decide on
    with served.database.transaction() as cursor:
        cursor.execute(
            "insert into wangge.findings (id, layer, kind, severity, ids, message, message_en)"
            " values (%s, 'grids', 'gap', 'error', '{}', '空隙', 'a gap') on conflict do nothing",
            (PROCESSES["decide-finding"].example["id"],),
        )
    role = None if process.least_role == "public" else process.least_role
    body = {"response": response}
    waited_for = execute(served, id_, process.example, role, body=body)
    assert waited_for.status_code == 200
    address = made(served, id_, process.example, role, body=body)
    document = finished(served, address, role)
    assert (document["status"], document["progress"]) == ("successful", 100)
    result = served.get(f"{address}/results", role)
    assert result.headers["Content-Type"] == waited_for.headers["Content-Type"]
    assert json.loads(result.content) == json.loads(waited_for.content)
    assert result.content == waited_for.content


def test_inputs_reach_the_job_as_they_were_sent(served: Service) -> None:
    """Order of names, Chinese, angle brackets, escapes and long fractions: nothing is lost on the way."""
    square = [[120.05, 32.17], [120.0512345678901, 32.17], [120.05, 32.1712345678901], [120.05, 32.17]]
    properties = {
        "z": "名称 <b>",
        "a": "a\u0000b\\u0000 \U0001f600",
        "code": "",
        "b": [1e-300, -0.0, 12345678901234567],
    }
    feature = {"type": "Feature", "id": 7, "geometry": {"type": "Polygon", "coordinates": [square]}}
    inputs = {"features": {"type": "FeatureCollection", "features": [feature | {"properties": properties}] * 2}}
    waited_for = execute(served, "check-coverage", inputs)
    assert waited_for.status_code == 200
    address = made(served, "check-coverage", inputs)
    assert finished(served, address)["status"] == "successful"
    assert served.get(f"{address}/results", "staff").content == waited_for.content
    stored = rows(served.database, "select inputs::text from wangge.jobs")[0][0]
    assert json.loads(stored) == json.loads(json.dumps(inputs))


def test_wrong_inputs_are_refused_before_a_job_is_made_of_them(served: Service) -> None:
    for inputs in ({"points": 1}, {"unknown": 1}):
        waited_for = execute(served, "locate", inputs)
        refused = execute(served, "locate", inputs, headers=ASYNC)
        assert refused.status_code == waited_for.status_code == 400
        assert refused.json()["description"] == waited_for.json()["description"]
    assert execute(served, "no-such", {}, headers=ASYNC).status_code == 404
    assert rows(served.database, "select from wangge.jobs") == []


def test_status_and_message_say_what_is_going_on(served: Service) -> None:
    with held_grids(served.database):
        address = made(served, "check-codes", SLOW)
        running = until(lambda: (found := served.get(address, "staff").json())["status"] == "running" and found)
        assert running["started"] and "finished" not in running
        assert running["progress"] < 100
        assert not [link for link in running["links"] if link["rel"].endswith("/results")]
        waiting = served.get(made(served, "explain-code", EXAMPLE), "staff").json()
        assert (waiting["status"], waiting["progress"]) == ("accepted", 0)
        assert "started" not in waiting
        early = served.get(f"{address}/results", "staff")
        assert (early.status_code, early.json()["type"]) == (404, f"{TYPE}result-not-ready")
    document = finished(served, address)
    moments = [datetime.fromisoformat(document[name]) for name in ("created", "started", "finished", "updated")]
    assert moments == sorted(moments)
    (results,) = (link for link in document["links"] if link["rel"].endswith("/results"))
    assert served.get(results["href"], "staff").status_code == 200
    english = served.get(f"{address}?lang=en", "staff").json()
    assert english["message"] == "Done." != document["message"]


def test_the_results_of_a_failed_job_are_its_error(served: Service) -> None:
    inputs = {"layer": "grids", "features": {"type": "FeatureCollection", "features": []}}
    waited_for = execute(served, "check-coverage", inputs)
    address = made(served, "check-coverage", inputs)
    document = finished(served, address)
    assert document["status"] == "failed"
    assert document["message"] == waited_for.json()["description"]
    answer = served.get(f"{address}/results", "staff")
    assert (answer.status_code, answer.json()) == (waited_for.status_code, waited_for.json())


def test_pages_of_jobs_show_what_the_json_says(served: Service) -> None:
    address = made(served, "explain-code", EXAMPLE)
    id_ = finished(served, address)["jobID"]
    for path in ("jobs", f"jobs/{id_}", f"jobs/{id_}/results"):
        page = served.get(path, "staff", headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert page.headers["Content-Type"].startswith("text/html")
        assert id_ in page.text
        assert "default-src 'self'" in page.headers["Content-Security-Policy"]
        head = served.request("HEAD", path, "staff")
        assert (head.status_code, head.content) == (200, b"")
    assert EXAMPLE["code"] in served.get(f"jobs/{id_}?f=html", "staff").text


def test_dismissal_ends_what_runs_and_forgets_what_has_finished(served: Service) -> None:
    with held_grids(served.database):
        address = made(served, "check-codes", SLOW)
        until(lambda: queries_of_jobs(served.database))
        dismissed = served.request("DELETE", address, "staff")
        assert (dismissed.status_code, dismissed.json()["status"]) == (200, "dismissed")
        assert served.get(address, "staff").json()["status"] == "dismissed"
        until(lambda: not queries_of_jobs(served.database))
    gone = served.get(f"{address}/results", "staff")
    assert (gone.status_code, gone.json()["type"]) == (404, f"{TYPE}no-such-job")
    assert served.request("DELETE", address, "staff").json()["status"] == "dismissed"
    assert served.get(address, "staff").status_code == 404


def test_methods_and_cors_of_a_job(served: Service) -> None:
    address = made(served, "explain-code", EXAMPLE)
    options = served.request("OPTIONS", address)
    assert set(options.headers["Allow"].split(", ")) == {"GET", "HEAD", "DELETE", "OPTIONS"}
    assert "DELETE" in options.headers["Access-Control-Allow-Methods"]
    for method, path in (("PUT", address), ("POST", address), ("DELETE", "jobs"), ("DELETE", f"{address}/results")):
        assert served.request(method, path, "staff").status_code == 405


def test_too_many_jobs_at_once_are_refused_with_words(served: Service) -> None:
    with held_grids(served.database):
        for _ in range(20):
            made(served, "check-codes", SLOW)
        refused = execute(served, "check-codes", SLOW, headers=ASYNC | {"Accept-Language": "en"})
        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) > 0
        assert "20" in refused.json()["description"] and "DELETE" in refused.json()["description"]
        assert execute(served, "explain-code", EXAMPLE).status_code == 200  # who waits is not refused
        made(served, "check-codes", SLOW, "editor")
        with served.database.transaction() as cursor:
            cursor.execute("delete from wangge.jobs where status = 'accepted'")


def test_what_is_served_is_declared(served: Service) -> None:
    declared = served.get("conformance?f=json").json()["conformsTo"]
    base = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/"
    assert {f"{base}{name}" for name in ("core", "json", "job-list", "callback", "dismiss")} <= set(declared)
    for id_ in PROCESSES:
        described = served.get(f"processes/{id_}?f=json").json()
        assert set(described["jobControlOptions"]) == {"sync-execute", "async-execute", "dismiss"}
        assert [link for link in described["links"] if link["rel"].endswith("/job-list")]
