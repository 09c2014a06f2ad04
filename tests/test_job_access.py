"""Whose a job is, who sees it, and how one's own are listed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg2
import pytest
from working import EXAMPLE, SLOW, finished, held_grids, made, rows, until

from layers.identity import Identity
from layers.keys import add_key
from processes.registry import PROCESSES

if TYPE_CHECKING:
    from serving import Service

TYPE = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"


def test_a_key_sees_its_own_jobs_and_no_others(served: Service) -> None:
    mine = made(served, "explain-code", EXAMPLE, "staff")
    other = made(served, "explain-code", EXAMPLE, "editor")
    for role, own, foreign in (("staff", mine, other), ("editor", other, mine), ("admin", None, mine)):
        listed = served.get("jobs", role).json()
        assert [job["jobID"] for job in listed["jobs"]] == ([own.rsplit("/", 1)[1]] if own else [])
        assert listed["numberMatched"] == len(listed["jobs"])
        for method, path in (("GET", foreign), ("GET", f"{foreign}/results"), ("DELETE", foreign)):
            answer = served.request(method, path, role)
            assert (answer.status_code, answer.json()["type"]) == (404, f"{TYPE}no-such-job")
    for address in (mine, other):
        assert served.get(address).status_code == 404  # the public knows no key's job, by whatever id
    assert finished(served, mine)["status"] == "successful"


def test_a_job_of_the_public_is_reached_by_its_id_and_listed_to_nobody(served: Service) -> None:
    address = made(served, "explain-code", EXAMPLE, None)
    assert finished(served, address, None)["status"] == "successful"
    assert served.get(f"{address}/results").status_code == 200
    for role in (None, "staff", "admin"):
        assert served.get("jobs", role).json()["jobs"] == []
    assert served.request("DELETE", address).status_code == 200
    assert served.get(address).status_code == 404


def test_a_key_of_its_own_is_needed_to_see_jobs_of_a_namesake(served: Service) -> None:
    """Two keys of one name and role are two askers."""
    address = made(served, "explain-code", EXAMPLE, "staff")
    namesake = add_key(served.database, "staff", None, "staff")
    answer = served.get(address, headers={"X-API-Key": namesake})
    assert answer.status_code == 404


def test_the_database_itself_hides_the_jobs_of_others(served: Service) -> None:
    """Whatever a request made of its SQL: the service's login sees the rows of the key that asks."""
    address = made(served, "explain-code", EXAMPLE, "staff")
    of_public = made(served, "explain-code", EXAMPLE, None).rsplit("/", 1)[1]
    finished(served, address)
    key = rows(served.database, "select key_id from wangge.jobs where key_id is not null")[0][0]
    seen: dict[int | None, int] = {}
    for asker in (key, key + 1, None):
        with served.database.api.transaction(Identity("admin", key=asker)) as cursor:
            cursor.execute("select count(*) from wangge.jobs")
            seen[asker] = cursor.fetchone()[0]
    assert seen == {key: 1, key + 1: 0, None: 0}
    with served.database.api.transaction(Identity()) as cursor:
        cursor.execute("select set_config('wangge.job', %s, true)", (of_public,))
        cursor.execute("select id::text from wangge.jobs")
        assert cursor.fetchall() == [(of_public,)]
    forbidden = psycopg2.errors.InsufficientPrivilege
    for statement in (
        "update wangge.jobs set status = 'accepted'", "delete from wangge.jobs", "select from wangge.job_callbacks",
    ):  # fmt: skip
        with pytest.raises(forbidden), served.database.api.transaction(Identity()) as cursor:
            cursor.execute(statement)


@pytest.mark.parametrize("id_", ["x", "1", "%00", str(uuid4()), uuid4().hex, "{" + str(uuid4()) + "}", "a" * 3000])
def test_what_is_no_job_is_said_to_be_none(served: Service, id_: str) -> None:
    for method, path in (("GET", f"jobs/{id_}"), ("GET", f"jobs/{id_}/results"), ("DELETE", f"jobs/{id_}")):
        answer = served.request(method, path, "staff")
        assert (answer.status_code, answer.json()["type"]) == (404, f"{TYPE}no-such-job")


def test_the_list_is_filtered_and_paged(served: Service) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    addresses = [made(served, "explain-code", EXAMPLE) for _ in range(3)]
    addresses.append(made(served, "locate", PROCESSES["locate"].example))
    ids = [address.rsplit("/", 1)[1] for address in addresses]
    for address in addresses:
        finished(served, address)
    with held_grids(served.database):
        slow = made(served, "check-codes", SLOW).rsplit("/", 1)[1]
        until(lambda: served.get(f"jobs/{slow}", "staff").json()["status"] == "running")

        def listed(**params: str) -> list[str]:
            answer = served.get("jobs", "staff", params=params)
            assert answer.status_code == 200, answer.text
            return [job["jobID"] for job in answer.json()["jobs"]]

        assert listed() == [slow, *reversed(ids)]
        assert listed(processID="locate") == [ids[3]]
        assert listed(processID="locate,check-codes") == [slow, ids[3]]
        assert listed(status="successful") == list(reversed(ids))
        assert listed(status="running,failed") == [slow]
        assert listed(type="process", status="accepted") == []
        assert listed(datetime=f"{before.isoformat()}/..") == [slow, *reversed(ids)]
        assert listed(datetime=f"../{before.isoformat()}") == []
        assert listed(minDuration="3600") == []
        assert set(listed(maxDuration="3600")) == {slow, *ids}
        first = served.get("jobs?limit=2&status=successful", "staff").json()
        (following,) = (link["href"] for link in first["links"] if link["rel"] == "next")
        second = served.get(following, "staff").json()
        assert [job["jobID"] for job in first["jobs"] + second["jobs"]] == list(reversed(ids))
        assert not [link for link in second["links"] if link["rel"] == "next"]
        (back,) = (link["href"] for link in second["links"] if link["rel"] == "prev")
        assert served.get(back, "staff").json()["jobs"] == first["jobs"]


@pytest.mark.parametrize(
    "query",
    [
        "status=done", "type=subscription", "datetime=yesterday", "minDuration=-1", "maxDuration=nan", "limit=0",
        "limit=x", "offset=-1", "unknown=1", "f=csv",
    ],
)  # fmt: skip
def test_a_wrong_filter_is_refused_by_name(served: Service, query: str) -> None:
    answer = served.get(f"jobs?{query}", "staff")
    assert answer.status_code == 400
    assert query.split("=")[1] in answer.json()["description"] or query.split("=")[0] in answer.json()["description"]
