"""A change of divisions as edits of a change set: what the divisions become, and the codes that the grids will get."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import shapely

from geo.changes.recode import NewDivision, Recoding, new_codes, new_villages
from geo.codes.code import township_class
from geo.codes.schemes import scheme_of
from geo.errors import InvalidInput
from layers.changes.drafting import Draft, WorkingGrid
from layers.changes.edited_divisions import Division, todays, write_divisions
from layers.changes.reshaping import move_villages
from layers.checking.issue_codes import used_serials

_EVER: Final = """
    select distinct village_code from wangge.issued_codes
    union select code from wangge.divisions where level = 'village'
"""
_CITY: Final = "select metric_srid, scheme from wangge.city"


@dataclass(frozen=True, eq=False)
class RecodingPlan:
    """What a table comes to.

    Attributes
    ----------
    recoding : Recoding
    grids : list of WorkingGrid
        Those whose village changes.
    codes : dict of str to str
        The code of each by its id, as a publication of today would give it.
    put : list of Division
        Villages and townships as they are to be; of several that become one, all their ground.
    end : list of str
        Codes of those that there are no more.
    olds : dict of str to list of str
        Codes of the villages that each new one was.
    """

    recoding: Recoding
    grids: list[WorkingGrid]
    codes: dict[str, str]
    put: list[Division]
    end: list[str]
    olds: dict[str, list[str]]


def propose_recoding(
    draft: Draft, table: Sequence[NewDivision], township_names: Mapping[str, str] | None = None
) -> RecodingPlan:
    """Work a table out against the divisions and grids there are; nothing is written.

    Parameters
    ----------
    draft : Draft
    table : sequence of NewDivision
    township_names : mapping of str to str, optional
        Names of townships by their code of 9 digits: needed for those that are new, another name for the others.

    Raises
    ------
    InvalidInput
        As `geo.changes.recode.new_villages`; when nothing changes; when a new township has no name or no village, or a
        village that others become part of gets two names.
    """
    villages = todays(draft.cur, "village")
    draft.cur.execute(_EVER)
    ever = {village for (village,) in draft.cur.fetchall()}
    recoding = new_villages(table, villages, ever - set(villages))
    olds: defaultdict[str, list[str]] = defaultdict(list)
    for old, new in recoding.villages.items():
        olds[new].append(old)
    names = _village_names(table, recoding)
    put = [_village(new, mine, villages, names.get(new)) for new, mine in sorted(olds.items())]
    put += [_renamed(villages[code], name) for code, name in sorted(names.items()) if code not in olds]
    put = [one for one in put if one is not villages.get(one.code)]
    gone = sorted(set(recoding.villages) - set(olds))
    after = {code: one for code, one in villages.items() if code not in recoding.villages} | {v.code: v for v in put}
    townships, ended = _townships(todays(draft.cur, "township"), recoding, after, township_names or {})
    if not (put or townships):
        raise InvalidInput("recode.nothing")
    grids = draft.of_villages(sorted(recoding.villages))
    codes = _grid_codes(draft, grids, recoding, sorted(olds))
    return RecodingPlan(recoding, grids, codes, [*townships, *put], [*ended, *gone], dict(olds))


def _village_names(table: Sequence[NewDivision], recoding: Recoding) -> dict[str, str]:
    """What villages are called by their codes from then on, where the table says so."""
    names: dict[str, str] = {}
    for row in table:
        code = recoding.villages.get(row.old, row.old)
        if row.name and names.setdefault(code, row.name) != row.name:
            raise InvalidInput("recode.two-names", code=code, one=names[code], other=row.name)
    return names


def _renamed(division: Division, name: str) -> Division:
    """A division by another name; the same one where that is its name already."""
    return division if division.name == name else replace(division, name=name)


def _village(new: str, olds: Sequence[str], villages: Mapping[str, Division], name: str | None) -> Division:
    """A village with the ground and people of those that it was, and of itself where it stays."""
    mine = [villages[code] for code in ((new,) if new in villages else ())] + [villages[code] for code in olds]
    return replace(
        mine[0], code=new, name=name or mine[0].name, parent_code=new[:9], population=_people(mine),
        geometry=_ground(mine),
    )  # fmt: skip


def _townships(
    townships: Mapping[str, Division], recoding: Recoding, after: Mapping[str, Division], names: Mapping[str, str]
) -> tuple[list[Division], list[str]]:
    """Townships whose villages or names change as they are to be, and those that have no village left."""
    touched = {code[:9] for pair in recoding.villages.items() for code in pair}
    empty = sorted(names.keys() - touched - townships.keys())
    if empty:
        raise InvalidInput("recode.township-empty", codes=", ".join(empty))
    left = {code: [one for one in after.values() if one.code[:9] == code] for code in sorted(touched)}
    nameless = [code for code, mine in left.items() if mine and code not in townships and code not in names]
    if nameless:
        raise InvalidInput("recode.township-name", codes=", ".join(nameless), first=nameless[0])
    others = [_renamed(townships[code], names[code]) for code in sorted(names.keys() - touched)]
    parents = {code[:6]: one.parent_code for code, one in townships.items()}
    put = [one for one in others if one is not townships[one.code]]
    for code, mine in left.items():
        if mine:
            was = townships.get(code)
            put.append(Division(
                code, names.get(code) or (was.name if was else ""), "township",
                was.parent_code if was else parents.get(code[:6]), was.category if was else _category(code),
                _people(mine), _ground(mine),
            ))  # fmt: skip
    return put, [code for code, mine in left.items() if not mine and code in townships]


def _category(township: str) -> str:
    """By the digits of the code; numbers that the rules of the statistical divisions leave open are `other`."""
    found = township_class(township[6:])
    return "other" if found == "unclassified" else found


def _people(divisions: Sequence[Division]) -> int | None:
    known = [one.population for one in divisions if one.population is not None]
    return sum(known) if len(known) == len(divisions) else None


def _ground(divisions: Sequence[Division]) -> shapely.MultiPolygon:
    whole = shapely.union_all([one.geometry for one in divisions])
    return whole if whole.geom_type == "MultiPolygon" else shapely.MultiPolygon([whole])


def _grid_codes(draft: Draft, grids: Sequence[WorkingGrid], recoding: Recoding, homes: Sequence[str]) -> dict[str, str]:
    draft.cur.execute(_CITY)
    metric_srid, scheme = draft.cur.fetchone() or (4549, "villages-15")
    shapes = np.empty(len(grids), dtype=object)
    shapes[:] = [grid.geometry for grid in grids]
    coded = new_codes(
        shapes, [grid.values["village_code"] for grid in grids], [grid.values["kind"] for grid in grids],
        recoding.villages, scheme_of(scheme), metric_srid=metric_srid, used=used_serials(draft.cur, homes),
    )  # fmt: skip
    return {grids[i].id: code for i, code in sorted(coded.items())}


def write_recoding(draft: Draft, plan: RecodingPlan) -> None:
    """Put the divisions of a plan into its set, and give the grids their new villages."""
    write_divisions(draft.cur, draft.change_set, plan.put, plan.end, plan.recoding.issued)
    move_villages(draft, plan.grids, plan.recoding.villages)
