"""Serials of a village as a sequence: those that nobody ever had, and those that leave the reading order.

Both are notes. After the first numbering serials are only appended, so both come with time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.codes.code import parse_code
from geo.codes.numbering import places
from geo.codes.table import CodeTable
from geo.errors import InvalidInput
from geo.finding import Finding


def holes(table: CodeTable, gone_out: Collection[str], skip: Collection[int] = ()) -> Iterable[Finding]:
    """A note for each village and block where serials below the greatest one were never given out.

    The serials of the codes ``gone_out`` are no holes. The ids are the grids that follow the holes. Rows of ``skip``
    are left out, and of grids with one code the first by name counts.
    """
    scheme = table.scheme
    holders: defaultdict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    for index, code in table.by_name():
        kind = scheme.kind_of(code.serial)
        if kind is not None and index not in skip:
            holders[code.village_code, kind].setdefault(code.serial, index)
    elsewhere: defaultdict[str, set[int]] = defaultdict(set)
    for text in gone_out:
        try:
            code = parse_code(text, scheme)
        except InvalidInput:
            continue  # a code of an earlier scheme holds no serial of this one
        elsewhere[code.village_code].add(code.serial)
    for (village, kind), held in holders.items():
        block = scheme.block_of(kind)
        used = sorted(held.keys() | {serial for serial in elsewhere[village] if serial in block})
        runs = [(before + 1, after - 1) for before, after in
                zip([block.first - 1, *used[:-1]], used, strict=True) if after > before + 1]
        if not runs:
            continue
        there = sorted(held)
        beside = {there[min(bisect_right(there, last), len(there) - 1)] for _, last in runs}
        text = ", ".join(table.span_text(first, last) for first, last in runs)
        values = {"village": village, "kind": kind, "holes": text, "count": sum(b - a + 1 for a, b in runs)}
        yield table.finding("code-hole", "note", [held[s] for s in sorted(beside)], values, place=f"{village}/{kind}")


def disorder(
    table: CodeTable, shapes: NDArray[np.object_], metric_srid: int, srid: int, skip: Collection[int]
) -> Iterable[Finding]:
    """A note for each village and block whose serials do not follow the reading order of the grids.

    The ids are as few grids as need another serial for the rest to be in order. Rows of ``skip`` and grids without a
    geometry are left out; of grids with one code the first by name counts.
    """
    bounds = shapely.bounds(shapes)
    groups: defaultdict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    for index, code in table.by_name():
        kind = table.scheme.kind_of(code.serial)
        if kind is not None and index not in skip and np.isfinite(bounds[index]).all():
            groups[code.village_code, kind].setdefault(code.serial, index)
    rows = np.array(sorted(i for group in groups.values() for i in group.values()), dtype=np.intp)
    if not len(rows):
        return
    where = places(shapes[rows], metric_srid, srid=srid, rule=table.scheme.order)
    for (village, kind), group in groups.items():
        members = np.searchsorted(rows, np.array(sorted(group.values()), dtype=np.intp))
        walk = rows[where.order(members)].tolist()
        serials = [table.parsed[i].serial for i in walk]
        kept = _longest_rising(serials)
        wrong = [i for position, i in enumerate(walk) if position not in kept]
        if wrong:
            values = {"village": village, "kind": kind, "count": len(wrong), "total": len(walk),
                      "codes": ", ".join(table.codes[i] for i in wrong)}
            yield table.finding("code-order", "note", wrong, values, place=f"{village}/{kind}")


def _longest_rising(numbers: Sequence[int]) -> set[int]:
    """Positions of a longest rising subsequence: those that need not move (patience sorting, O(n log n)).

    >>> sorted(_longest_rising([1, 5, 2, 3, 4]))
    [0, 2, 3, 4]
    """
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for position, number in enumerate(numbers):
        pile = bisect_right(tails, number)
        before.append(ends[pile - 1] if pile else -1)
        if pile == len(tails):
            tails.append(number)
            ends.append(position)
        else:
            tails[pile], ends[pile] = number, position
    kept, position = set(), ends[-1] if ends else -1
    while position >= 0:
        kept.add(position)
        position = before[position]
    return kept
