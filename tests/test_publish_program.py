"""Any sequence of edits and publications: what holds of the city afterwards, whatever two editors did.

The programs are drawn by hypothesis, which shrinks one that fails to the few steps that matter. ``PROGRAMS=300`` draws
more of them than the suite does.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import shapely
from editing import editor, faults, halves, nudged, rows, write
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from small_county import COLUMNS, TOWNSHIPS, VILLAGES, build_county

from geo.changes.recode import NewDivision
from geo.errors import WanggeError
from layers.changes.change_sets import abandon, open_change_set, reverse
from layers.changes.drafting import drafting
from layers.changes.publish import publish
from layers.changes.recoding import propose_recoding, write_recoding
from layers.identity import Identity, acting

PROGRAMS: Final = int(os.environ.get("PROGRAMS", "12"))

_M2: Final = 111_000 * 94_000
"""Square metres of a square degree, about."""
_CRUMBS_M2: Final = 0.1
"""What is stored is rounded to ten micrometres, and the county's borders have forty kilometres."""

_STEP = st.tuples(
    st.sampled_from(
        ["split", "border", "merge", "draw", "rename", "half", "delete", "away", "recode", "reverse", "publish",
         "abandon"]
    ),  # fmt: skip
    st.integers(0, 1),
    st.integers(0, 40),
    st.integers(0, 3),
    # whether the set is published right after the step
    st.sampled_from([True, True, False]),
)


class County:
    """The county with two editors, each with an open set; every step goes through what the service calls."""

    def __init__(self, database: Any, editors: list[Identity]) -> None:
        self.database = database
        build_county(database)
        self.first, self.today = rows(database, "select min(valid_from), current_date from wangge.grids")[0]
        self.day: date = self.first + timedelta(days=1)
        self.editors = editors
        self.sets = [self.opened(who) for who in self.editors]
        self.published: list[int] = []
        self.refused: Counter[str] = Counter()

    def opened(self, who: Identity) -> int:
        with acting(who):
            return open_change_set(self.database.api, "program")

    def step(self, what: str, whose: int, which: int, days: int, publishes: bool) -> None:
        """One step; what is refused changes nothing, which the invariants see."""
        who = self.editors[whose]
        self.day = min(self.day + timedelta(days=days), self.today)
        try:
            if what == "reverse" and self.published:
                with acting(who):
                    number = self.published[-1 - which % len(self.published)]
                    self.sets[whose] = reverse(self.database.api, number, "back")
            elif what == "abandon":
                with acting(who):
                    abandon(self.database.api, self.sets[whose])
                self.sets[whose] = self.opened(who)
            elif what == "recode":
                self.recode(whose, which)
            elif what != "publish":
                edits = self.edits(who, what, which)
                write(self.database, who, *(rounded(edit) if which % 2 else edit for edit in edits))
            if publishes or what == "publish":
                self.publish(whose)
        except (WanggeError, LookupError) as refusal:
            self.refused[getattr(refusal, "key", str(refusal))] += 1

    def publish(self, whose: int) -> None:
        with acting(self.editors[whose]):
            done = publish(self.database.api, self.sets[whose], day=self.day)
        if done.number is None:
            self.refused[done.blocking[0].kind] += 1
            return
        self.published.append(done.number)
        self.sets[whose] = self.opened(self.editors[whose])

    def recode(self, whose: int, which: int) -> None:
        """A village moves to the other township, or only gets another name."""
        there = rows(self.database, "select code from wangge.todays_divisions where level = 'village' order by 1")
        (village,) = there[which % len(there)]
        (other,) = {*TOWNSHIPS} - {village[:9]}
        row = NewDivision(village, township=other) if which % 3 else NewDivision(village, name=f"{which}村")
        names = {code: f"{code[-1]}镇" for code in TOWNSHIPS}
        with acting(self.editors[whose]), drafting(self.database.api, self.sets[whose]) as draft:
            write_recoding(draft, propose_recoding(draft, [row], names))

    def edits(self, who: Identity, what: str, which: int) -> list[tuple[Any, ...]]:
        """Edits of the working copy of one editor, made of what is there."""
        with acting(who), self.database.api.transaction() as cur:
            cur.execute("select id, village_code, st_asbinary(geom) from wangge.grid_edits order by fid")
            there = {id_: (village, shapely.from_wkb(bytes(wkb))) for id_, village, wkb in cur.fetchall()}
        id_ = sorted(there)[which % len(there)]
        village, shape = there[id_]
        beside = [other for other, (home, ground) in sorted(there.items()) if other != id_ and home == village
                  and shapely.intersection(ground, shape).length > 1e-4]  # fmt: skip
        match what:
            case "split":
                one, two = halves(shape)
                return [("patch", id_, {}, one), ("create", None, {"name": f"part {which}"}, two)]
            case "rename":
                return [("patch", id_, {"name": f"name {which}", "population": which}, None)]
            case "delete":
                return [("delete", id_, {}, None)]
            case "draw":
                # an editor who deletes a grid and draws it again
                return [("delete", id_, {}, None), ("create", None, {"name": "again"}, shape)]
            case "away":
                far = shapely.transform(shape, lambda points: points + [0.0, 0.2])
                return [("create", None, {"name": "outside", "village_code": village}, far)]
        if not beside:
            raise LookupError("a grid alone in its village")
        other = beside[which % len(beside)]
        ground = there[other][1]
        if what == "merge":
            whole = shapely.union(shape, ground)
            return [("patch", id_, {"name": "whole"}, whole), ("delete", other, {}, None)]
        moved = nudged(shape, ground, 0.0004 * (1 + which % 3))
        if not all(part.is_valid for part in moved):
            raise LookupError("the border can't be moved that far")
        if what == "half":
            return [("patch", id_, {}, moved[0])]
        return [("patch", id_, {}, moved[0]), ("patch", other, {}, moved[1])]


def rounded(edit: tuple[Any, ...]) -> tuple[Any, ...]:
    """An edit as a client sends it that rounds to a millimetre, so that no border meets its neighbour's any more."""
    what, id_, values, shape = edit
    plain = shape and shapely.transform(shape, lambda points: points.round(8))
    if plain and not plain.is_valid:
        raise LookupError("rounding folds it over, which the service refuses by itself")
    return what, id_, values, plain


def check(county: County) -> None:
    """What holds after any program."""
    database = county.database
    assert faults(database) == []
    everything = rows(
        database, "select code, valid_from, valid_to, st_asbinary(geom) from wangge.grids order by code, valid_from"
    )
    ((outline,),) = rows(database, "select st_asbinary(outline) from wangge.city")
    shapes = np.array([shapely.from_wkb(bytes(wkb)) for *_, wkb in everything] + [shapely.from_wkb(bytes(outline))])
    _partitions(county, everything, list(shapes[:-1]), shapes[-1])
    _codes(database, everything)
    _shares(database)
    _divisions(county, shapes[-1])


def _divisions(county: County, ground: Any) -> None:
    """Villages, and townships, cover the ground once on each day, and every grid of today is in a village of today."""
    everything = rows(
        county.database, "select level, valid_from, valid_to, st_asbinary(geom) from wangge.divisions order by code"
    )
    days = {day + timedelta(days=k) for row in everything for day in row[1:3] if day is not None for k in (-1, 0)}
    for day in sorted(days | {county.today}):
        for level in ("village", "township"):
            there = [shapely.from_wkb(bytes(wkb)) for at, start, end, wkb in everything
                     if at == level and (start is None or start <= day) and (end is None or end > day)]  # fmt: skip
            assert abs(sum(shape.area for shape in there) - ground.area) * _M2 < _CRUMBS_M2, (day, level)
            assert shapely.symmetric_difference(shapely.union_all(there), ground).area * _M2 < _CRUMBS_M2, (day, level)
    homeless = "select code from wangge.grids where valid_to is null" \
        " and village_code not in (select code from wangge.todays_divisions)"
    assert rows(county.database, homeless) == []


def _partitions(county: County, everything: list[Any], shapes: list[Any], ground: Any) -> None:
    """The map of each day on which anything began or ended, and of the days around, covers the same ground once.

    In degrees: a vertex on an edge that is straight there is not on that edge in metres, by up to a millimetre.
    """
    days = {day + timedelta(days=k) for row in everything for day in row[1:3] if day is not None for k in (-1, 0)}
    for day in sorted(day for day in days if day >= county.first) + [county.today]:
        there = [shape for (_, start, end, _), shape in zip(everything, shapes, strict=True)
                 if start <= day and (end is None or end > day)]  # fmt: skip
        assert abs(sum(shape.area for shape in there) - ground.area) * _M2 < _CRUMBS_M2, day
        assert shapely.symmetric_difference(shapely.union_all(there), ground).area * _M2 < _CRUMBS_M2, day


def _codes(database: Any, everything: list[Any]) -> None:
    """Each code has one life without a break, is issued by one publication, and stands in the ledger."""
    lives = defaultdict(list)
    for code, start, end, _ in everything:
        lives[code].append((start, end))
    for code, spans in lives.items():
        assert all(end == start for (_, end), (start, _) in zip(spans, spans[1:], strict=False)), code
    ledger = rows(database, "select code, retired_at is null from wangge.issued_codes")
    assert len({code for code, _ in ledger}) == len(ledger)
    assert {code for code, living in ledger if living} == {code for code, _, end, _ in everything if end is None}
    sides = defaultdict(set)
    for publication, side, code in rows(database, "select publication, side, code from wangge.publication_grids"):
        sides[publication, side].add(code)
    seen = {f"{village}00{column + 1}" for village in VILLAGES for column in range(COLUMNS)}
    for publication in sorted({number for number, _ in sides}):
        fresh = sides[publication, "after"] - sides[publication, "before"]
        assert not fresh & seen, "a code was issued twice"
        seen |= fresh
    assert {code for code, _ in ledger} == seen


def _shares(database: Any) -> None:
    """All of the ground of each grid, old and new, is accounted for."""
    for end in ("before", "after"):
        wrong = rows(
            database,
            f"select publication, {end}_code, sum(share_of_{end}) from wangge.grid_lineage"  # noqa: S608
            f" where {end}_code is not null group by 1, 2 having abs(sum(share_of_{end}) - 1) > 1e-12",
        )
        assert wrong == []
    # and no grid ends without a link that says what became of it
    lost = rows(
        database,
        "select publication, code from wangge.publication_grids as gone where side = 'before' and not exists ("
        " select from wangge.publication_grids as kept where kept.publication = gone.publication and side = 'after'"
        " and kept.code = gone.code) and not exists (select from wangge.grid_lineage as link"
        " where link.publication = gone.publication and link.before_code = gone.code)",
    )
    assert lost == []


def test_what_holds_after_any_sequence_of_edits_and_publications(db: Any) -> None:
    editors = [editor(db, name) for name in ("one", "two")]
    told: Counter[str] = Counter()

    @settings(
        max_examples=PROGRAMS, deadline=None, derandomize=PROGRAMS < 100, database=None,
        phases=(Phase.generate, Phase.shrink), suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(_STEP, min_size=8, max_size=16))
    def run(program: list[tuple[str, int, int, int, bool]]) -> None:
        county = County(db, editors)
        for step in program:
            before = len(county.published)
            county.step(*step)
            if len(county.published) > before:
                check(county)
        ((divided,),) = rows(db, "select count(distinct publication) from wangge.publication_divisions")
        told.update(county.refused, steps=len(program), published=len(county.published), divided=divided)

    run()
    print(told)
    # programs that publish nothing, or of which nothing is refused, would show nothing
    assert told["published"] >= PROGRAMS and told["divided"] > PROGRAMS / 4
    assert told["gap"] + told["overlap"] > 0
