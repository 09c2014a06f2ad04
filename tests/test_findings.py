"""Findings from run to run: accepted stays accepted, fixed closes, new opens, and all of it in one transaction."""

from __future__ import annotations

from typing import Any

import numpy as np
import psycopg2
import pytest
import shapely

from geo.errors import InvalidInput, NotFound
from geo.finding import Finding
from layers.checking.check import check
from layers.checking.coverages import Coverage
from layers.checking.decisions import decide_finding
from layers.checking.findings import store_findings
from layers.identity import Identity
from layers.keys import add_key, identify

SIDE = 0.01


def squares(gap: float = 0.0, overlap: float = 0.0) -> Coverage:
    """Nine squares near Taixing; the middle one has a hole of ``gap`` degrees and laps over to the east."""
    shapes = [
        shapely.box(120 + i * SIDE, 32 + j * SIDE, 120 + (i + 1) * SIDE, 32 + (j + 1) * SIDE)
        for i in range(3)
        for j in range(3)
    ]
    shapes = list(shapely.transform(np.array(shapes), lambda at: np.round(at, 8)))
    x, y = 120.015, 32.015
    if gap:
        shapes[4] = shapes[4] - shapely.box(x, y, x + gap, y + gap)
    if overlap:
        shapes[4] = shapes[4] | shapely.box(x, 32.012, 120.02 + overlap, 32.014)
    ids = [f"32128300120100{n}" for n in range(9)]
    return Coverage(ids, np.array(shapes, dtype=object), parent_of=[name[:12] for name in ids])


def run(db: Any, coverage: Coverage, layer: str = "grids", **options: Any) -> Any:
    with db.transaction() as cur:
        return store_findings(cur, layer, check(coverage), townships=coverage.townships(), **options)


def decide(db: Any, id_: str, decision: Any, reason: str = "") -> dict[str, Any]:
    with db.api.transaction(Identity("editor")) as cur:
        return decide_finding(cur, id_, decision, reason)


def stored(db: Any) -> dict[str, tuple[Any, ...]]:
    with db.transaction() as cur:
        cur.execute(
            "select kind, state, ids, township_code, area_m2, message, message_en, reason, first_seen_at, last_seen_at,"
            " st_isvalid(geom) from wangge.findings"
        )
        return {row[0]: row[1:] for row in cur.fetchall()}


def test_new_ones_open_with_everything_that_is_known(db: Any) -> None:
    kept = run(db, squares(gap=0.001, overlap=0.002))
    rows = stored(db)
    assert {"gap", "overlap"} <= set(rows) and set(kept.states.values()) == {"open"}
    assert sorted(kept.new) == sorted(kept.states) and kept.fixed == []
    state, ids, township, area, zh, en, reason, *_, valid = rows["gap"]
    assert (state, ids, township, reason, valid) == ("open", ["321283001201004"], "321283001", None, True)
    assert area == pytest.approx(94.4 * 110.9, rel=0.01)
    assert "321283001201004" in zh and "gap of" in en


def test_a_second_run_changes_nothing_but_the_time(db: Any) -> None:
    first = run(db, squares(gap=0.001))
    before = stored(db)["gap"]
    second = run(db, squares(gap=0.001))
    after = stored(db)["gap"]
    assert second.new == second.fixed == [] and second.ids == first.ids
    assert before[:8] == after[:8] and after[8] > before[8]


def test_accepted_stays_accepted_until_it_has_clearly_grown(db: Any) -> None:
    (id_,) = run(db, squares(gap=0.001)).ids
    decide(db, id_, "accept", " a lake ")
    # smaller, then by 4 and 8 per cent larger than what was accepted
    for side in (0.0009, 0.00102, 0.00104):
        again = run(db, squares(gap=side))
        assert again.ids == [id_] and again.states == {id_: "accepted"} and again.new == again.fixed == []
        assert stored(db)["gap"][6] == "a lake"
    # each step is a small one, but together they are 12 per cent
    assert run(db, squares(gap=0.00106)).states == {id_: "open"}
    assert stored(db)["gap"][6] is None
    assert stored(db)["gap"][3] == pytest.approx(1.06**2 * 94.4 * 110.9, rel=0.01)


def test_what_moved_is_the_same_finding(db: Any) -> None:
    (id_,) = run(db, squares(gap=0.001)).ids
    # three times as wide, so that its middle is 200 m away
    again = run(db, squares(gap=0.003))
    assert again.ids == [id_] and again.new == again.fixed == []


def test_fixed_ones_close_and_open_again_without_the_old_decision(db: Any) -> None:
    (id_,) = run(db, squares(gap=0.001)).ids
    decide(db, id_, "accept", "a lake")
    assert run(db, squares()).fixed == [id_]
    assert stored(db)["gap"][0] == "fixed"
    assert run(db, squares()).fixed == []
    back = run(db, squares(gap=0.001))
    assert back.states == {id_: "open"} and back.new == []
    assert stored(db)["gap"][6] is None


def test_layers_and_kinds_that_were_not_checked_are_left_alone(db: Any) -> None:
    run(db, squares(gap=0.001), layer="grids")
    run(db, squares(gap=0.001), layer="divisions")
    assert run(db, squares(), layer="divisions").fixed
    with db.transaction() as cur:
        cur.execute("select layer, state from wangge.findings order by layer")
        assert cur.fetchall() == [("divisions", "fixed"), ("grids", "open")]
        assert store_findings(cur, "grids", [], kinds=["overlap"]).fixed == []
        with pytest.raises(InvalidInput):
            store_findings(cur, "grids", check(squares(gap=0.001)), kinds=["overlap"])


def test_a_run_that_fails_leaves_no_trace(db: Any) -> None:
    run(db, squares(gap=0.001))
    before = stored(db)
    broken = Finding("gap", "error", ("x\x00",), None, {}, 1.0, 1.0)
    with pytest.raises(Exception, match="null|NUL|u0000|0x00"), db.transaction() as cur:
        store_findings(cur, "grids", [])
        store_findings(cur, "grids", [broken])
    assert stored(db) == before


def test_decisions_need_a_reason_and_a_finding(db: Any) -> None:
    (id_,) = run(db, squares(gap=0.001)).ids
    for wrong in ("  ", "问 13812345678"):
        with pytest.raises(InvalidInput):
            decide(db, id_, "accept", wrong)
    for unknown in ("grids-none", ""):
        with pytest.raises(NotFound):
            decide(db, unknown, "accept", "why")
    with pytest.raises(NotFound):
        decide(db, id_, "reopen")
    assert decide(db, id_, "accept", "a lake")["state"] == "accepted"
    assert decide(db, id_, "reopen") == {"id": id_, "state": "open"}
    assert stored(db)["gap"][0] == "open"
    run(db, squares())
    with pytest.raises(NotFound):
        decide(db, id_, "accept", "too late")


def test_the_database_notes_the_key_and_lets_none_below_an_editor_decide(db: Any) -> None:
    (id_,) = run(db, squares(gap=0.001)).ids
    for role in ("public", "staff"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege), db.api.transaction(Identity(role)) as cur:
            decide_finding(cur, id_, "accept", "mine")
    editor = identify(db, add_key(db, "editor", None, "编审科"))
    assert editor is not None
    with db.api.transaction(editor) as cur:
        assert decide_finding(cur, id_, "accept", "河道")["decided_by"] == "编审科"
        cur.execute("select decided_at = now(), reason from wangge.findings")
        assert cur.fetchall() == [(True, "河道")]
    with pytest.raises(psycopg2.errors.InsufficientPrivilege), db.api.transaction(editor) as cur:
        cur.execute("update wangge.findings set state = 'open'")


def test_the_service_reads_findings_as_staff_only(db: Any) -> None:
    run(db, squares(gap=0.001))
    for identity, seen in (("public", 0), ("staff", 1)):
        with db.api.transaction(Identity(identity)) as cur:
            cur.execute("select count(*) from wangge.findings")
            assert cur.fetchone()[0] == seen
