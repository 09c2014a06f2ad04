"""Grids whose villages get other codes: a table of old and new divisions becomes new villages for all grids."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from geo.codes.code import check_village_code, code_of
from geo.codes.numbering import assign_serials
from geo.codes.schemes import DEFAULT_SCHEME, CodeScheme
from geo.crs import STORED_SRID
from geo.errors import InvalidInput

#: First and last number of each class of village: residents', villagers' committees, others, merged communities.
_CLASSES: Final = ((1, 199), (200, 399), (400, 599), (600, 999))
_VIRTUAL: Final = 498
_TOLD: Final = 20
"""How many codes an error names; it counts all."""


@dataclass(frozen=True)
class NewDivision:
    """A row of the table.

    Attributes
    ----------
    old : str
        12-digit code of a village as it was.
    new : str or None
        Its new code; None when it is not known.
    township : str or None
        9-digit code of its new township, needed where ``new`` is not known and more than the name changes.
    name : str or None
        What it is called from then on; None for the name that it has. A row of nothing else is a village that keeps
        its code and gets another name.
    """

    old: str
    new: str | None = None
    township: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class Recoding:
    """New villages.

    Attributes
    ----------
    villages : dict of str to str
        From each village whose code changes to its new code; two may become one.
    issued : list of str
        New codes that nobody gave and that were made up by the rule: to be replaced when the true ones are known.
    """

    villages: dict[str, str]
    issued: list[str]


def new_villages(table: Sequence[NewDivision], known: Collection[str], retired: Collection[str] = ()) -> Recoding:
    """The new code of every village of a table.

    Parameters
    ----------
    table : sequence of NewDivision
    known : collection of str
        12-digit codes of all villages as they are.
    retired : collection of str
        Village codes of before, which are not used again.

    Returns
    -------
    Recoding

    Raises
    ------
    InvalidInput
        ``recode.unknown-village`` for old codes that are none, ``recode.twice`` for one with two rows that differ,
        ``recode.no-township`` where neither new code, township nor name is given, ``recode.township`` for a township
        that is not nine digits, ``recode.township-code`` for one that does not fit the new code, ``recode.taken``
        for a given code that was a village's and is given up, ``recode.full`` where a township has no number left.

    Notes
    -----
    A code that is not given is made after what the statistics bureau does: a village that comes to another township
    keeps its three digits there; where they are taken, it gets the next number of its class, one above the greatest
    that was ever used. One that stays in its township keeps its code. The order of the table does not matter.

    Examples
    --------
    >>> moved = NewDivision("321283123229", township="321283001")
    >>> new_villages([moved], ["321283123229", "321283001001"])
    Recoding(villages={'321283123229': '321283001229'}, issued=['321283001229'])
    """
    rows = _rows(table, set(known))
    gone = set(retired)
    leaving = {row.old for row in rows if (row.new or row.township or row.old) not in (row.old, row.old[:9])}
    for row in rows:
        # a village may go into one that stays; a code that is given up is not used again
        if row.new is not None and row.new != row.old and (row.new in gone or row.new in leaving):
            raise InvalidInput("recode.taken", old=row.old, new=row.new)
    villages = {row.old: row.new for row in rows if row.new is not None and row.new != row.old}
    taken = set(known) | gone | set(villages.values())
    issued = []
    for row in rows:
        if row.new is not None or row.township is None or row.township == row.old[:9]:
            continue
        code = _next(row.old, row.township, taken)
        taken.add(code)
        issued.append(code)
        villages[row.old] = code
    return Recoding(dict(sorted(villages.items())), sorted(issued))


def _rows(table: Sequence[NewDivision], known: set[str]) -> list[NewDivision]:
    rows: dict[str, NewDivision] = {}
    for row in table:
        check_village_code(row.old)
        if rows.setdefault(row.old, row) != row:
            raise InvalidInput("recode.twice", old=row.old)
    # a notice has hundreds of rows: what is wrong with many of them is told at once
    _none("recode.unknown-village", [old for old in rows if old not in known])
    _none("recode.no-township", [old for old, row in rows.items() if not (row.new or row.township or row.name)])
    for row in rows.values():
        if row.township is not None and not re.fullmatch("[0-9]{9}", row.township):
            raise InvalidInput("recode.township", old=row.old, township=row.township)
        if row.new is not None:
            check_village_code(row.new)
            if row.township is not None and row.new[:9] != row.township:
                raise InvalidInput("recode.township-code", old=row.old, township=row.township, new=row.new)
    return [rows[old] for old in sorted(rows)]


def _none(key: str, codes: list[str]) -> None:
    if codes:
        raise InvalidInput(key, codes=", ".join(sorted(codes)[:_TOLD]), count=len(codes))


def _next(old: str, township: str, taken: set[str]) -> str:
    same = township + old[9:]
    if same not in taken:
        return same
    number = int(old[9:])
    first, last = next(span for span in _CLASSES if span[0] <= number <= span[1])
    used = [int(code[9:]) for code in taken if code[:9] == township and first <= int(code[9:]) <= last]
    # the virtual community's number is far above the others of its class, and is no place to count on from
    free = max((n for n in used if n != _VIRTUAL), default=first - 1) + 1
    free += free == _VIRTUAL
    if free > last:
        raise InvalidInput("recode.full", township=township, first=first, last=last)
    return f"{township}{free:03d}"


def new_codes(
    geometries: ArrayLike,
    village_codes: Sequence[str],
    kinds: Sequence[str],
    villages: Mapping[str, str],
    scheme: CodeScheme = DEFAULT_SCHEME,
    *,
    metric_srid: int,
    srid: int = STORED_SRID,
    used: Mapping[str, Collection[int]] | None = None,
) -> dict[int, str]:
    """Codes of the grids whose village gets another code.

    Parameters
    ----------
    geometries, village_codes, kinds : length n
        All grids, ``village_codes`` as they were.
    villages : mapping of str to str
        As of `Recoding`.
    scheme, metric_srid, srid, used
        As of `geo.codes.numbering.assign_serials`; ``used`` by the new villages.

    Returns
    -------
    dict of int to str
        Code by position; grids whose village stays are not in it. They are numbered in reading order in their new
        village, after every serial that was ever given out there, as a publication numbers them.
    """
    some = [i for i, village in enumerate(village_codes) if villages.get(village, village) != village]
    if not some:
        return {}
    shapes = np.empty(len(village_codes), dtype=object)
    shapes[:] = geometries
    homes = [villages[village_codes[i]] for i in some]
    mine = [kinds[i] for i in some]
    serials = assign_serials(shapes[some], homes, mine, scheme, metric_srid=metric_srid, srid=srid, used=used)
    return {
        i: code_of(home, kind, int(serial), scheme)
        for i, home, kind, serial in zip(some, homes, mine, serials.tolist(), strict=True)
    }
