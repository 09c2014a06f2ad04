"""A change of divisions as edits of a change set: which grids go to which village, and the codes that they will get."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.changes.recode import NewDivision, Recoding, new_codes, new_villages
from geo.codes.schemes import scheme_of
from geo.errors import InvalidInput
from layers.changes.drafting import Draft, WorkingGrid
from layers.changes.reshaping import move_villages
from layers.checking.issue_codes import used_serials

_VILLAGES: Final = "select code, name, st_asbinary(geom) from wangge.divisions where level = 'village' order by code"
_EVER: Final = "select distinct village_code from wangge.issued_codes"
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
    shapes : dict of str to shapely geometry
        Ground of the new villages by code, EPSG:4490; of several that become one, all of it.
    names, olds : dict
        Their names, and the codes of those that they were.
    known : set of str
        New villages that the divisions have already.
    """

    recoding: Recoding
    grids: list[WorkingGrid]
    codes: dict[str, str]
    shapes: dict[str, BaseGeometry]
    names: dict[str, str]
    olds: dict[str, list[str]]
    known: set[str]


def propose_recoding(draft: Draft, table: Sequence[NewDivision]) -> RecodingPlan:
    """Work a table out against the divisions and grids there are; nothing is written.

    Raises
    ------
    InvalidInput
        As `geo.changes.recode.new_villages`; or when no village of the table changes.
    """
    draft.cur.execute(_VILLAGES)
    villages = {code: (name, shapely.from_wkb(bytes(shape))) for code, name, shape in draft.cur.fetchall()}
    draft.cur.execute(_EVER)
    ever = {village for (village,) in draft.cur.fetchall()}
    recoding = new_villages(table, villages, ever - set(villages))
    if not recoding.villages:
        raise InvalidInput("recode.nothing")
    olds: defaultdict[str, list[str]] = defaultdict(list)
    for old, new in recoding.villages.items():
        olds[new].append(old)
    grids = draft.of_villages(sorted(recoding.villages))
    draft.cur.execute(_CITY)
    metric_srid, scheme = draft.cur.fetchone() or (4549, "villages-15")
    shapes = np.empty(len(grids), dtype=object)
    shapes[:] = [grid.geometry for grid in grids]
    coded = new_codes(
        shapes, [grid.values["village_code"] for grid in grids], [grid.values["kind"] for grid in grids],
        recoding.villages, scheme_of(scheme), metric_srid=metric_srid, used=used_serials(draft.cur, sorted(olds)),
    )  # fmt: skip
    grounds: dict[str, BaseGeometry] = {}
    names: dict[str, str] = {}
    for new, mine in sorted(olds.items()):
        staying = [new] if new in villages else []
        grounds[new] = shapely.union_all([villages[code][1] for code in (*staying, *mine)])
        names[new] = villages[(*staying, *mine)[0]][0]
    codes = {grids[i].id: code for i, code in sorted(coded.items())}
    return RecodingPlan(recoding, grids, codes, grounds, names, dict(olds), set(olds) & set(villages))


def write_recoding(draft: Draft, plan: RecodingPlan) -> None:
    """Give the grids of a plan their new villages."""
    move_villages(draft, plan.grids, plan.recoding.villages)
