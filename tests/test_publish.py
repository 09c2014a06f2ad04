"""Publishing change sets of the sample city: splits, moved borders, merges, deletions, conflicts, and taking back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import shapely
from editing import (
    editor,
    faults,
    halves,
    in_metres,
    neighbours_in_village,
    rows,
    shape_of,
    shares,
    write,
)

from geo.errors import Conflict, Forbidden, InvalidInput
from layers.changes.change_sets import abandon, list_change_sets, open_change_set, reverse
from layers.changes.publish import publish
from layers.identity import acting


def test_a_split_ends_one_code_and_issues_two(city_copy: Any) -> None:
    who = editor(city_copy)
    (code, _) = neighbours_in_village(city_copy)
    west, east = halves(shape_of(city_copy, code))
    number, (kept, fresh) = write(city_copy, who, ("patch", code, {}, west), ("create", None, {"name": "东片"}, east))
    assert fresh.id.startswith("new-")
    with acting(who):
        done = publish(city_copy.api, number)
    assert done.number is not None, [one.kind for one in done.blocking]
    assert set(done.codes) == {code, fresh.id}
    assert code not in done.codes.values()
    assert [link.operation for link in done.lineage.links] == ["split", "split"]
    assert shares(done.lineage.links) == {code: 1.0}
    kept_rows = rows(city_copy, "select valid_to = current_date from wangge.grids where code = %s", code)
    assert kept_rows == [(True,)]
    assert rows(city_copy, "select name from wangge.grids where code = %s", done.codes[fresh.id]) == [("东片",)]
    assert rows(city_copy, "select count(*) from wangge.grids where valid_to is null") == [(1413,)]
    assert faults(city_copy) == []
    told = rows(city_copy, "select operation, before_code, share_of_before from wangge.grid_lineage order by id")
    assert [row[:2] for row in told] == [("split", code)] * 2
    assert sum(row[2] for row in told) == 1


def test_a_border_moved_by_little_keeps_both_codes(city_copy: Any) -> None:
    who = editor(city_copy)
    one, other = neighbours_in_village(city_copy)
    first, second = shape_of(city_copy, one), shape_of(city_copy, other)
    strip = shapely.intersection(second, shapely.buffer(shapely.intersection(first, second), 0.00003))
    number, _ = write(city_copy, who, ("patch", one, {}, shapely.union(first, strip)),
                      ("patch", other, {"population": 777}, shapely.difference(second, strip)))
    with acting(who):
        done = publish(city_copy.api, number)
    assert done.number is not None, [(f.kind, f.ids, f.area_m2) for f in done.blocking]
    assert done.codes == {one: one, other: other}
    assert faults(city_copy) == []
    assert {link.operation for link in done.lineage.links} == {"keep", "transfer"}
    retired = rows(city_copy, "select retired_at from wangge.issued_codes where code in (%s, %s)", one, other)
    assert retired == [(None,), (None,)]
    figures = rows(city_copy, "select population from wangge.grids where code = %s and valid_to is null", other)
    assert figures == [(777,)]


def test_half_of_a_moved_border_is_refused_with_the_place(city_copy: Any) -> None:
    who = editor(city_copy)
    one, other = neighbours_in_village(city_copy)
    first, second = shape_of(city_copy, one), shape_of(city_copy, other)
    strip = shapely.intersection(second, shapely.buffer(shapely.intersection(first, second), 0.00003))
    before = rows(city_copy, "select fid, xmin::text from wangge.grids order by fid")
    number, _ = write(city_copy, who, ("patch", one, {}, shapely.union(first, strip)))
    flagged = rows(city_copy, "select kind, ids, severity from wangge.findings where change_set = %s", number)
    assert ("overlap", [one, other], "error") in flagged
    with acting(who):
        done = publish(city_copy.api, number)
        assert done.number is None
        (overlap,) = [one for one in done.blocking if one.kind == "overlap"]
        assert overlap.ids == (one, other)
        assert shapely.area(in_metres(overlap.geometry)[0]) == pytest.approx(overlap.area_m2, rel=1e-6)
        assert list_change_sets(city_copy.api)[0].state == "open"
    assert rows(city_copy, "select fid, xmin::text from wangge.grids order by fid") == before
    # the other half of the border
    write(city_copy, who, ("patch", other, {}, shapely.difference(second, strip)))
    assert rows(city_copy, "select kind from wangge.findings where change_set = %s", number) == []
    with acting(who):
        assert publish(city_copy.api, number).number is not None


def test_a_merge_and_a_deletion(city_copy: Any) -> None:
    who = editor(city_copy)
    chain = neighbours_in_village(city_copy, 3)
    ground = shapely.union_all([shape_of(city_copy, code) for code in chain])
    number, _ = write(city_copy, who, ("patch", chain[0], {"name": "合并"}, ground), ("delete", chain[1], {}, None),
                      ("delete", chain[2], {}, None))
    with acting(who):
        done = publish(city_copy.api, number)
    assert done.number is not None, [one.kind for one in done.blocking]
    assert {link.operation for link in done.lineage.links} == {"merge"}
    assert shares(done.lineage.links) == dict.fromkeys(chain, 1.0)
    assert list(done.codes) == [chain[0]]
    assert done.codes[chain[0]] not in chain
    assert rows(city_copy, "select count(*) from wangge.grids where valid_to is null") == [(1410,)]
    assert faults(city_copy) == []


def test_ground_that_nobody_takes_is_a_gap(city_copy: Any) -> None:
    who = editor(city_copy)
    (code, _) = neighbours_in_village(city_copy)
    number, _ = write(city_copy, who, ("delete", code, {}, None))
    with acting(who):
        done = publish(city_copy.api, number)
    assert done.number is None
    (gap,) = [one for one in done.blocking if one.kind == "gap"]
    assert gap.area_m2 == pytest.approx(shapely.area(in_metres(shape_of(city_copy, code))[0]), rel=1e-6)


def test_crooked_borders_are_noded_and_reported(city_copy: Any) -> None:
    """What clients send is rounded, here to a centimetre, and no border of it meets its neighbour's any more."""
    who = editor(city_copy)
    (code, _) = neighbours_in_village(city_copy)
    west, east = halves(shape_of(city_copy, code))
    rounded = [shapely.transform(half, lambda points: points.round(7)) for half in (west, east)]
    number, _ = write(
        city_copy, who, ("patch", code, {}, rounded[0]), ("create", None, {"name": "东片"}, rounded[1])
    )
    assert rows(city_copy, "select kind from wangge.findings where change_set = %s", number) == []
    with acting(who):
        done = publish(city_copy.api, number)
    assert done.number is not None, [(f.kind, f.ids, f.width_m) for f in done.blocking]
    assert done.moves
    assert max(move.moved_m for move in done.moves) <= 0.2
    assert faults(city_copy) == []


def test_two_sets_on_the_same_grid(city_copy: Any) -> None:
    one, other = editor(city_copy, "one"), editor(city_copy, "other")
    (code, _) = neighbours_in_village(city_copy)
    first, _ = write(city_copy, one, ("patch", code, {"name": "甲"}, None))
    second, _ = write(city_copy, other, ("patch", code, {"name": "乙"}, None))
    assert first != second
    with acting(one):
        assert publish(city_copy.api, first).number is not None
    with acting(other):
        with pytest.raises(Conflict) as refused:
            publish(city_copy.api, second)
        assert refused.value.key == "publish.stale"
        assert refused.value.values["ids"] == code
        assert rows(city_copy, "select name from wangge.grids where code = %s and valid_to is null", code) == [("甲",)]
        assert abandon(city_copy.api, second, [code]) == 1
        with pytest.raises(InvalidInput):
            publish(city_copy.api, second)
    write(city_copy, other, ("patch", code, {"name": "乙"}, None))
    with acting(other):
        assert publish(city_copy.api, second).number is not None


def test_another_s_set_is_not_touched(city_copy: Any) -> None:
    one, other, boss = editor(city_copy, "one"), editor(city_copy, "other"), editor(city_copy, "boss", "admin")
    (code, _) = neighbours_in_village(city_copy)
    number, _ = write(city_copy, one, ("patch", code, {"name": "甲"}, None))
    for do in (publish, abandon):
        with acting(other), pytest.raises(Forbidden):
            do(city_copy.api, number)
    with acting(boss):
        assert publish(city_copy.api, number).number is not None
        with pytest.raises(Conflict):
            publish(city_copy.api, number)
    assert rows(city_copy, "select published_by from wangge.publications") == [("boss",)]


def test_the_map_of_any_day_and_taking_back(city_copy: Any) -> None:
    who = editor(city_copy)
    today = date.fromisoformat(str(rows(city_copy, "select current_date")[0][0]))
    (code, _) = neighbours_in_village(city_copy)
    ground = shape_of(city_copy, code)
    west, east = halves(ground)
    number, _ = write(city_copy, who, ("patch", code, {}, west), ("create", None, {"name": "东片"}, east))
    with acting(who):
        split = publish(city_copy.api, number, day=today - timedelta(days=10))
        back = reverse(city_copy.api, split.number, "撤回")
        assert list_change_sets(city_copy.api, ["open"])[0].reverses == split.number
        undone = publish(city_copy.api, back, day=today - timedelta(days=3))
    assert undone.number is not None, [one.kind for one in undone.blocking]
    (again,) = undone.codes.values()
    # where the cut met a border, rounding left a vertex beside it
    assert shapely.area(shapely.symmetric_difference(*in_metres(shape_of(city_copy, again), ground))) < 0.01
    assert again not in (code, *split.codes.values())
    for day, count in ((11, 1412), (10, 1413), (4, 1413), (3, 1412), (0, 1412)):
        moment = today - timedelta(days=day)
        found = rows(
            city_copy,
            "select count(*), st_area(st_union(geom)) / (select st_area(outline) from wangge.city) from wangge.grids"
            " where kind = 'social' and valid_from <= %s and (valid_to is null or valid_to > %s)", moment, moment,
        )
        assert found[0][0] == count - 226
        assert found[0][1] == pytest.approx(1, abs=1e-6)
    assert faults(city_copy) == []
    with acting(who), pytest.raises(Conflict) as refused:
        reverse(city_copy.api, split.number, "again")
    assert refused.value.key == "publish.changed-since"


def test_what_is_accepted_stands_against_nothing(city_copy: Any) -> None:
    who = editor(city_copy)
    (code, _) = neighbours_in_village(city_copy)
    number, _ = write(city_copy, who, ("delete", code, {}, None))
    assert rows(city_copy, "update wangge.findings set state = 'accepted', reason = 'lake', decided_by = 'x'"
                " where change_set = %s and kind = 'gap' returning kind", number) == [("gap",)]
    with acting(who):
        done = publish(city_copy.api, number)
    assert done.number is not None
    assert [link.operation for link in done.lineage.links] == ["retire"]


def test_a_new_set_becomes_the_current_one(city_copy: Any) -> None:
    who = editor(city_copy)
    one, other = neighbours_in_village(city_copy)
    first, _ = write(city_copy, who, ("patch", one, {"name": "甲"}, None))
    with acting(who):
        second = open_change_set(city_copy.api, "三月调整")
    assert write(city_copy, who, ("patch", other, {"name": "乙"}, None))[0] == second
    with acting(who):
        assert [(entry.id, entry.current, entry.changed) for entry in list_change_sets(city_copy.api)] == [
            (second, True, 1), (first, False, 1)]
