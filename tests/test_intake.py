"""Cases as they are sent and loaded: checked, placed in the grid of their day, merged by number, step by step."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg2
import pytest
from town import GRID, build_town, fetch, rejected, table

from geo.crs import CRS84_URI
from geo.errors import Conflict, Forbidden, InvalidInput
from layers.identity import Identity, acting
from layers.intake.intake import Intake, Taken
from layers.loading.load import load_file

if TYPE_CHECKING:
    from layers.database.database import Database

STAFF = Identity("staff")
EAST_STAFF = Identity("staff", township="321283002")
TIMES = ("reported_at", "filed_at", "dispatched_at", "handled_at", "checked_at", "closed_at")
STATES = ("上报", "立案", "派遣", "处置", "核查", "结案")


class NoVersions:
    """Versions that are never known, so that nothing is kept between requests."""

    def of(self, layer: str) -> None:
        return None


@pytest.fixture
def town(db: Database, tmp_path: Path) -> Database:
    """The city of `town.build_town`."""
    return build_town(db, tmp_path)


@pytest.fixture
def intake(town: Any) -> Intake:
    return Intake(town.api, NoVersions())  # type: ignore[arg-type]


def case(number: str = "A1", step: int = 0, /, lon: float = 120.05, **more: object) -> dict[str, Any]:
    """A case that has come to a step, an hour each."""
    times = {name: f"2024-03-05T{8 + at:02d}:00:00+08:00" for at, name in enumerate(TIMES[: step + 1])}
    properties = {
        "case_no": number, "category": "matter", "type_code": "06020", "channel": "巡查", "state": STATES[step],
    }  # fmt: skip
    geometry = {"type": "Point", "coordinates": [lon, 32.05]}
    return {"type": "Feature", "geometry": geometry, "properties": properties | times | more}


def send(intake: Intake, *cases: dict[str, Any], who: Identity = STAFF, strip: bool = False) -> Taken:
    with acting(who):
        return intake.take(cases, CRS84_URI, strip=strip)


def reasons(intake: Intake, *cases: dict[str, Any]) -> list[tuple[int, str, str]]:
    """Position, field and reason of each thing that stands against cases."""
    with pytest.raises(InvalidInput) as caught:
        send(intake, *cases)
    return [(at, name, key.removeprefix("load.reject-")) for at, name, _, key, _ in caught.value.values["reasons"]]


def state(town: Any, number: str = "A1") -> tuple[Any, ...]:
    return fetch(town, f"select state, {', '.join(TIMES)} from wangge.cases where case_no = '{number}'")[0]  # noqa: S608


def test_a_case_is_typed_placed_and_counted_in_the_same_request(town: Any, intake: Intake) -> None:
    assert send(intake, case()).cases == [("A1", "new")]
    assert fetch(town, "select type_name, grid_code, village_code, township_code from wangge.cases") == [
        ("焚烧垃圾、树叶", GRID, "321283001001", "321283001")
    ]
    assert fetch(town, "select sum(count) from wangge.case_counts") == [(1,)]
    outlines = "select resolution from wangge.h3_cells where st_contains(geom, 'srid=4490;point(120.05 32.05)')"
    assert sorted(fetch(town, outlines)) == [(6,), (7,), (8,), (9,), (10,)]


def test_what_a_type_is_called_follows_from_its_code(town: Any, intake: Intake) -> None:
    """Whatever a register calls it: one code has one name in every answer."""
    send(intake, case(type_name="烧垃圾"), case("A2", type_name=None))
    assert fetch(town, "select distinct type_name from wangge.cases") == [("焚烧垃圾、树叶",)]


def test_the_grid_is_that_of_the_day_of_the_report(town: Any, intake: Intake) -> None:
    """A grid that ended and its successor: by the day in Shanghai, and before the first map the grid of that map."""
    later = GRID[:-1] + "2"
    with town.transaction() as cur:
        cur.execute("update wangge.grids set valid_from = '2020-01-01', valid_to = '2024-03-06'")
        cur.execute(
            "insert into wangge.grids (code, name, kind, village_code, valid_from, geom)"
            " select %s, name, kind, village_code, '2024-03-06', geom from wangge.grids", (later,),
        )  # fmt: skip
    moments = {
        "2019-12-31T23:59:59+08:00": GRID, "2020-01-01T00:00:00+08:00": GRID, "2024-03-05T15:59:59Z": GRID,
        "2024-03-05T16:00:00Z": later, "2031-01-01T00:00:00Z": later,
    }  # fmt: skip
    send(intake, *(case(f"A{at}", reported_at=moment) for at, moment in enumerate(moments)))
    assert fetch(town, "select grid_code from wangge.cases order by case_no") == [(code,) for code in moments.values()]


def test_what_is_wrong_is_told_of_every_case_and_nothing_is_taken(town: Any, intake: Intake) -> None:
    wrong = [
        case("ok"), case(type_code="99999"), case(state="完成"), case(reported_at=None),
        case(filed_at="2024-03-05T07:59:59+08:00"), case(lon=121.0), case(channel="热线 13812345678"),
        case("苏M12345"), case(step=3, checked_at="2024-03-01"),
    ]  # fmt: skip
    wrong.append({"type": "Feature", "geometry": None, "properties": case()["properties"]})
    wrong[-2]["properties"]["dispatched_at"] = "x"
    found = reasons(intake, *wrong)
    assert (1, "type_code", "type-unknown") in found
    assert (2, "state", "value") in found
    assert (3, "reported_at", "missing") in found
    assert (4, "filed_at", "times") in found
    assert (5, "geometry", "outside") in found
    assert (6, "channel", "mobile") in found
    assert (7, "case_no", "plate") in found
    assert {(8, "dispatched_at", "moment"), (8, "step", "unknown"), (8, "checked_at", "times")} <= set(found)
    assert (9, "geometry", "no-geometry") in found
    assert {at for at, _, _ in found} == set(range(1, 10))
    assert fetch(town, "select count(*) from wangge.cases") == [(0,)]


def test_personal_fields_are_refused_or_left_out_and_never_repeated(town: Any, intake: Intake) -> None:
    more = {
        "投诉人": "张三", "联系电话": "13812345678", "idCard": "11010519491231002X", "note": "苏M12345", "title": "x",
    }  # fmt: skip
    with pytest.raises(InvalidInput) as caught:
        send(intake, case(**more))
    told = {name: (key, shown) for _, name, shown, key, _ in caught.value.values["reasons"]}
    assert told == {
        "投诉人": ("load.reject-personal", ""), "联系电话": ("load.reject-personal", ""),
        "idCard": ("load.reject-personal", ""), "note": ("load.reject-plate", "苏M****"),
        "title": ("load.reject-unknown", ""),
    }  # fmt: skip
    taken = send(intake, case(**more), strip=True)
    assert taken.cases == [("A1", "new")]
    assert taken.stripped == sorted(more)


def test_a_case_is_merged_by_number_and_the_later_state_wins(town: Any, intake: Intake) -> None:
    assert send(intake, case("A1", 2)).cases == [("A1", "new")]
    assert send(intake, case("A1", 2)).cases == [("A1", "same")]
    assert send(intake, case("A1", 1)).cases == [("A1", "older")]
    assert send(intake, case("A1", 2, type_code="06010")).cases == [("A1", "changed")], "of two as late the last"
    assert send(intake, case("A1", 4)).cases == [("A1", "changed")], "the times say that it was handled in between"
    assert state(town)[0] == "核查"
    # a number twice in one batch, the later first; and one that the file of a register has again
    assert send(intake, case("A2", 1), case("A2", 0), case("A1", 4)).cases == [("A2", "new"), ("A1", "same")]
    assert fetch(town, "select case_no, state from wangge.cases order by 1") == [("A1", "核查"), ("A2", "立案")]
    assert fetch(town, "select sum(count) from wangge.case_counts") == [(2,)]


def test_steps_follow_each_other_and_a_failed_check_goes_back(town: Any, intake: Intake) -> None:
    send(intake, case("A1", 1))
    late = {"closed_at": "2024-03-09T08:00:00+08:00"}
    with pytest.raises(Conflict) as caught:
        send(intake, case("A1", 1, state="结案", **late))
    assert (caught.value.key, caught.value.values) == ("intake.step", {"case": "A1", "from_state": "立案"})
    send(intake, case("A1", 4))
    again = case("A1", 3, handled_at="2024-03-06T08:00:00+08:00")
    assert send(intake, again).cases == [("A1", "changed")]
    assert (state(town)[0], state(town)[5]) == ("处置", None), "the check that failed is no longer a time of the case"
    assert send(intake, case("A1", 1, state="作废", **late)).cases == [("A1", "changed")]
    with pytest.raises(Conflict):
        send(intake, case("A1", 5, closed_at="2024-03-10T08:00:00+08:00"))
    with pytest.raises(psycopg2.errors.CheckViolation), town.transaction() as cur:
        cur.execute("update wangge.cases set state = '上报'")
    with pytest.raises(psycopg2.errors.CheckViolation), town.transaction() as cur:
        cur.execute("update wangge.cases set filed_at = reported_at - interval '1 second'")


def test_staff_of_a_township_write_in_their_township_alone(town: Any, intake: Intake) -> None:
    send(intake, case("W1"))
    assert send(intake, case("E1", lon=120.15), who=EAST_STAFF).cases == [("E1", "new")]
    for wrong in (
        case("E2"),  # in the west
        case("E2", township_code="321283002", village_code="321283002001", grid_code=GRID[:8] + "2001501"),
        case("W1", lon=120.15),  # theirs is another's case
    ):
        with pytest.raises((Forbidden, InvalidInput)) as caught:
            send(intake, case("E3", lon=120.15), wrong, who=EAST_STAFF)
        assert caught.value.values["position"] == 2
    with town.transaction() as cur:
        cur.execute("insert into wangge.issued_codes (code, village_code, serial) values (%s, '321283002001', 501)",
                    (GRID[:8] + "2001501",))  # fmt: skip
    with pytest.raises(Forbidden):  # in the west, whatever it says
        send(intake, case("E2", township_code="321283002", village_code="321283002001",
                          grid_code=GRID[:8] + "2001501"), who=EAST_STAFF)  # fmt: skip
    with pytest.raises(Forbidden):
        send(intake, case("P1"), who=Identity())
    assert fetch(town, "select case_no from wangge.cases order by 1") == [("E1",), ("W1",)]


def test_a_file_is_merged_as_a_batch_is(town: Any, intake: Intake, tmp_path: Path) -> None:
    send(intake, case("A1", 1), case("A2", 4), case("A3", 0))
    header = "case_no,category,type_code,channel,state,reported_at,filed_at,closed_at,lon,lat"
    row = "matter,06020,巡查,{},2024-03-05 08:00,2024-03-05 09:00,{},120.05,32.05"
    path = table(
        tmp_path / "c.csv", header, "A1," + row.format("立案", ""), "A2," + row.format("立案", ""),
        "A3," + row.format("立案", ""), "A4," + row.format("立案", ""), "A4," + row.format("立案", ""),
    )  # fmt: skip
    report = load_file(town, "cases", path)
    assert (report.read, report.loaded, report.rejected) == (5, 2, 0)
    merged = next(note for note in report.notes if note.key == "load.note-merged").values
    assert merged == {"changed": 1, "same": 1, "older": 1, "repeated": 1}
    assert load_file(town, "cases", path).loaded == 0
    bad = table(tmp_path / "bad.csv", header, "A1," + row.format("结案", "2024-03-06"), "A5," + row.format("立案", ""))
    assert load_file(town, "cases", bad).rejected == 1
    assert [(row, field) for row, field, _ in rejected(bad)] == [(2, "state")]
    assert fetch(town, "select count(*) from wangge.cases") == [(4,)]
    assert date(2024, 3, 5) == fetch(town, "select distinct day from wangge.case_counts")[0][0]


def test_the_order_of_arrival_does_not_matter(town: Any, intake: Intake) -> None:
    """Snapshots of a case, each later than the one before, in any order: the last one stands at the end."""
    draw = random.Random(5)
    for number in range(6):
        snapshots = [case(f"R{number}", step) for step in range(6)]
        draw.shuffle(snapshots)
        for snapshot in snapshots:
            send(intake, snapshot)
    assert fetch(town, "select distinct state from wangge.cases") == [("结案",)]
