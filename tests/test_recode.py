"""Villages that get other codes, and the codes of their grids: by hand, and the real change of April 2021."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import shapely

from geo.changes.recode import NewDivision, new_codes, new_villages
from geo.errors import InvalidInput

EAST, WEST = "321283123", "321283001"


def test_a_village_keeps_its_digits_in_the_new_township_where_they_are_free() -> None:
    found = new_villages(
        [NewDivision(EAST + "229", township=WEST), NewDivision(EAST + "201", township=WEST)],
        [EAST + "229", EAST + "201", WEST + "201", WEST + "207"],
    )
    assert found.villages == {EAST + "229": WEST + "229", EAST + "201": WEST + "208"}
    assert found.issued == [WEST + "208", WEST + "229"]


def test_numbers_are_not_used_again_and_the_virtual_one_is_stepped_over() -> None:
    (code,) = new_villages([NewDivision(EAST + "001", township=WEST)], [EAST + "001"], [WEST + "001"]).issued
    assert code == WEST + "002"
    known = [EAST + "400", WEST + "400", WEST + "498"]
    assert new_villages([NewDivision(EAST + "400", township=WEST)], known).issued == [WEST + "401"]
    known = [EAST + "400", WEST + "400", WEST + "497", WEST + "498"]
    assert new_villages([NewDivision(EAST + "400", township=WEST)], known).issued == [WEST + "499"]


def test_given_codes_are_taken_as_they_are_and_villages_may_become_one() -> None:
    known = [EAST + "201", EAST + "202", EAST + "203"]
    found = new_villages([NewDivision(EAST + "201", EAST + "255"), NewDivision(EAST + "202", EAST + "255")], known)
    assert found.villages == {EAST + "201": EAST + "255", EAST + "202": EAST + "255"} and found.issued == []
    assert new_villages([NewDivision(EAST + "201", EAST + "203")], known).villages == {EAST + "201": EAST + "203"}
    assert new_villages([NewDivision(EAST + "201", township=EAST)], known).villages == {}


@pytest.mark.parametrize(
    ("rows", "key"),
    [
        ([NewDivision(EAST + "299", township=WEST)], "recode.unknown-village"),
        ([NewDivision(EAST + "201", township=WEST), NewDivision(EAST + "201", township=EAST)], "recode.twice"),
        ([NewDivision(EAST + "201")], "recode.no-township"),
        ([NewDivision(EAST + "201", township="32128300")], "recode.township"),
        ([NewDivision(EAST + "201", WEST + "201", EAST)], "recode.township-code"),
        ([NewDivision(EAST + "201", EAST + "200")], "recode.taken"),
        ([NewDivision(EAST + "201", EAST + "202"), NewDivision(EAST + "202", EAST + "201")], "recode.taken"),
        ([NewDivision("3212831232")], "code.not-a-village"),
        ([NewDivision(EAST + "399", township=WEST)], "recode.full"),
    ],
)
def test_refusals(rows: list[NewDivision], key: str) -> None:
    known = [EAST + "201", EAST + "202", EAST + "399", WEST + "399"]
    with pytest.raises(InvalidInput) as raised:
        new_villages(rows, known, [EAST + "200"])
    assert raised.value.key == key


def squares(count: int) -> list[Any]:
    """Boxes of 100 m from north to south."""
    return [shapely.box(0, -100 * k, 100, 100 - 100 * k) for k in range(count)]


def test_grids_are_numbered_in_their_new_village_after_what_was_given_out_there() -> None:
    homes = ["321283123201", "321283123201", "321283123202", "321283123202", "321283123203"]
    kinds = ["social", "dedicated", "social", "social", "social"]
    both = {"321283123201": "321283123255", "321283123202": "321283123255"}
    found = new_codes(squares(5), homes, kinds, both, metric_srid=4549, srid=4549)
    assert found == {0: "321283123255001", 1: "321283123255501", 2: "321283123255002", 3: "321283123255003"}
    used = {"321283123255": {1, 2, 501}}
    found = new_codes(squares(5), homes, kinds, both, metric_srid=4549, srid=4549, used=used)
    assert sorted(found.values()) == ["321283123255003", "321283123255004", "321283123255005", "321283123255502"]
    assert new_codes(squares(5), homes, kinds, {}, metric_srid=4549, srid=4549) == {}


def test_the_change_of_april_2021(shared: Path) -> None:
    with (shared / "data" / "taixing" / "reassignment_2021.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    known = [row["code_2020"] for row in rows]
    # four zones are not named in the notice
    table = [NewDivision(row["code_2020"], township=row["parent_2021_on"]) for row in rows if row["parent_2021_on"]]
    assert len(rows) - len(table) == 4
    found = new_villages(table, known)
    # 济川街道 gave 23 villages to 延令街道, 滨江镇 gave one, and all of 姚王镇 became 姚王街道
    from_to = Counter((old[:9], new[:9]) for old, new in found.villages.items())
    assert from_to == {
        ("321283001", "321283002"): 23, ("321283123", "321283002"): 1, ("321283114", "321283003"): 18
    }  # fmt: skip
    assert sorted(found.villages.values()) == found.issued and set(found.issued).isdisjoint(known)
    # both streets are new, so every village keeps its three digits, but where two had the same
    again = Counter((found.villages[old][:9], old[9:]) for old in found.villages)
    assert all(old[9:] == new[9:] for old, new in found.villages.items() if again[new[:9], old[9:]] == 1)
    assert new_villages(table[::-1], known[::-1]) == found
