"""The process decide-finding over HTTP: who may decide, what is noted, and what a finding's page says of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from working import execute, rows

if TYPE_CHECKING:
    from serving import Service

ID = "grids-00000000000000aa"


@pytest.fixture
def finding(served: Service) -> Iterator[str]:
    """Id of an open finding of the service."""
    with served.database.transaction() as cursor:
        cursor.execute(
            "insert into wangge.findings (id, layer, kind, severity, ids, message, message_en, geom)"
            " values (%s, 'grids', 'gap', 'error', '{a}', '空隙', 'a gap',"
            " st_makeenvelope(120, 32, 120.1, 32.1, 4490))",
            (ID,),
        )
    yield ID
    with served.database.transaction() as cursor:
        cursor.execute("delete from wangge.findings where id = %s", (ID,))


def state(served: Service) -> tuple[object, ...]:
    return rows(
        served.database,
        "select state, mark, reason, decided_by, decided_at is not null from wangge.findings where id = %s",
        (ID,),
    )[0]


def test_editors_decide_and_nobody_below(served: Service, finding: str) -> None:
    accept = {"id": finding, "decision": "accept", "reason": "河道"}
    for role, status in ((None, 401), ("staff", 403), ("township", 403)):
        assert execute(served, "decide-finding", accept, role).status_code == status
    assert state(served) == ("open", "error", None, None, False)
    answer = execute(served, "decide-finding", accept, "editor")
    assert answer.json() == {"id": finding, "state": "accepted", "reason": "河道", "decided_by": "editor"}
    assert state(served) == ("accepted", "accepted", "河道", "editor", True)
    # a better reason may be given later, by somebody else
    assert execute(served, "decide-finding", accept | {"reason": "湖面"}, "admin").status_code == 200
    assert state(served)[2:4] == ("湖面", "admin")
    reopened = execute(served, "decide-finding", {"id": finding, "decision": "reopen"}, "editor")
    assert reopened.json() == {"id": finding, "state": "open"}
    assert state(served) == ("open", "error", None, None, False)


@pytest.mark.parametrize(
    ("inputs", "status"),
    [({}, 400), ({"decision": "forget"}, 400), ({"reason": " "}, 400), ({"reason": "电话13812345678"}, 400),
     ({"decision": "reopen"}, 404), ({"id": "grids-none", "reason": "why"}, 404)],
)  # fmt: skip
def test_what_is_refused_changes_nothing(served: Service, finding: str, inputs: dict[str, str], status: int) -> None:
    answer = execute(served, "decide-finding", {"id": finding} | inputs, "editor")
    assert answer.status_code == status
    assert "13812345678" not in answer.text
    assert state(served)[0] == "open"


def test_the_page_of_a_finding_says_how(served: Service, finding: str) -> None:
    address = f"collections/findings/items/{finding}?f=html&lang=zh"
    for decision, text in (("accept", "接受此结果"), ("reopen", "撤销接受")):
        page = served.get(address, "staff").text
        assert text in page and f"decide-finding --input id={finding} --input decision={decision}" in page
        inputs = unquote(page.partition("#inputs=")[2].partition('"')[0])
        assert json.loads(inputs.replace("&#34;", '"')) == {"id": finding, "decision": decision, "reason": ""}
        execute(served, "decide-finding", {"id": finding, "decision": decision, "reason": "湖"}, "editor")
    with served.database.transaction() as cursor:
        cursor.execute("update wangge.findings set state = 'fixed' where id = %s", (finding,))
    assert "decide-finding" not in served.get(address, "staff").text
