"""Checks of codes: what is wrong with the codes of a layer of grids, each fault named once at its root.

A code that can't be read is reported for its form only; one of an unknown division is not also told to be in the wrong
village, and no hole is looked for there. Holes and order are notes: after the first numbering serials are only
appended, so both come with time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.codes.schemes import DEFAULT_SCHEME, CodeScheme
from geo.codes.sequence import disorder, holes
from geo.codes.table import CodeTable
from geo.crs import STORED_SRID
from geo.errors import InvalidInput
from geo.finding import Finding, sorted_findings

#: Shares of area closer than this count as equal: areas are sums of floating-point triangles.
_SAME_SHARE = 1e-9

Shares = Mapping[str, Sequence[tuple[str, float]]]


def check_codes(
    codes: Sequence[str | None],
    kinds: Sequence[str | None],
    village_codes: Sequence[str | None],
    *,
    divisions: Collection[str] | None = None,
    retired: Collection[str] = (),
    issued: Collection[str] = (),
    scheme: CodeScheme = DEFAULT_SCHEME,
    ids: Sequence[str] | None = None,
    shares: Shares | None = None,
    geometries: ArrayLike | None = None,
    metric_srid: int | None = None,
    srid: int = STORED_SRID,
) -> list[Finding]:
    """Find what is wrong with the codes of grids.

    Parameters
    ----------
    codes, kinds, village_codes : sequences of str or None, length n
        Code, kind and stated 12-digit village of each grid; what is None is not held against the code.
    divisions : collection of str, optional
        12-digit codes of all villages there are; without it no code is held against them.
    retired : collection of str
        Codes that were used and given up.
    issued : collection of str
        Other codes that were given out, as those reserved for grids that are being drawn: they are no holes.
    scheme : CodeScheme
        What the digits mean.
    ids : sequence of str, length n, optional
        Names of the grids in the findings; their row numbers from 1 when left out.
    shares : mapping of id to sequence of (village code, share), optional
        How much of a grid's area (0 to 1) lies in which village. The village with the greatest share is the one that
        the code must name; where nothing is known, the stated village is.
    geometries : array of polygons, shape (n,), optional
        In ``srid``, x first. They are the findings' geometry and, with ``metric_srid``, what the order is checked
        against.
    metric_srid, srid : int
        EPSG codes of the city's metric CRS and of ``geometries``.

    Returns
    -------
    list of Finding
        ``code-missing``, ``code-format``, ``code-division``, ``code-duplicate`` (one for each code, with all its
        grids), ``code-reused``, ``code-village``, ``code-block`` (errors); ``code-hole``, ``code-order`` (notes, one
        for each village and block of serials). Worst first.

    Raises
    ------
    InvalidInput
        When the lists differ in length.

    Examples
    --------
    >>> found = check_codes(["321283100201001", "321283100201001", None], ["social"] * 3, ["321283100201"] * 3)
    >>> [(finding.kind, finding.ids) for finding in found]
    [('code-duplicate', ('1', '2')), ('code-missing', ('3',))]
    """
    count = len(codes)
    names = [str(i) for i in ids] if ids is not None else [str(i + 1) for i in range(count)]
    shapes: NDArray[np.object_] | None = None
    if geometries is not None:
        shapes = np.empty(np.shape(geometries)[:1], dtype=object)
        shapes[:] = geometries
    if {len(kinds), len(village_codes), len(names), count if shapes is None else len(shapes)} != {count}:
        raise InvalidInput(
            "code-check.lengths", codes=count, kinds=len(kinds), villages=len(village_codes), ids=len(names)
        )
    table = CodeTable(names, shapes, scheme, ["" if code is None or not code.strip() else code for code in codes])
    findings = [*_unreadable(table, village_codes), *_duplicates(table), *_reused(table, frozenset(retired))]
    unknown = list(_unknown_divisions(table, divisions, village_codes, shares or {}))
    findings += [finding for _, finding in unknown]
    strange = {index for index, _ in unknown}
    findings += _wrong_villages(table, village_codes, shares or {}, skip=strange)
    misfits = list(_misfits(table, kinds))
    findings += [finding for _, finding in misfits]
    findings += holes(table, {*retired, *issued}, skip=strange)
    if shapes is not None and metric_srid is not None:
        findings += disorder(table, shapes, metric_srid, srid, skip=strange | {index for index, _ in misfits})
    return sorted_findings(findings)


def _unreadable(table: CodeTable, stated: Sequence[str | None]) -> Iterable[Finding]:
    for index, code in enumerate(table.codes):
        if not code:
            values = {"id": table.names[index], "village": stated[index] or ""}
            yield table.finding("code-missing", "error", [index], values)
    for index, error in table.errors.items():
        code = table.codes[index]
        first, last = _blamed(error, table.scheme, code)
        yield table.finding("code-format", "error", [index], {
            "code": code, "reason": error.key, "first": first, "last": last, "digits": code[first - 1 : last],
            "width": table.scheme.width, "scheme": table.scheme.id,
        })


def _blamed(error: InvalidInput, scheme: CodeScheme, code: str) -> tuple[int, int]:
    """1-based first and last digit that an error of `parse_code` is about."""
    if error.key == "code.too-long":
        return scheme.width + 1, len(code)
    name = {"code.no-village": "village", "code.zero-serial": "serial"}.get(error.key)
    for segment, start, end in scheme.spans():
        if segment.name == name:
            return start + 1, end
    return int(str(error.values["first"])), int(str(error.values["last"]))


def _duplicates(table: CodeTable) -> Iterable[Finding]:
    members = defaultdict(list)
    for index, code in enumerate(table.codes):
        if code:
            members[code].append(index)
    for code, rows in members.items():
        if len(rows) > 1:
            yield table.finding("code-duplicate", "error", rows, {"code": code, "count": len(rows)}, place=code)


def _reused(table: CodeTable, retired: frozenset[str]) -> Iterable[Finding]:
    for index, code in enumerate(table.codes):
        if code in retired:
            yield table.finding("code-reused", "error", [index], {"code": code})


def _unknown_divisions(
    table: CodeTable, divisions: Collection[str] | None, stated: Sequence[str | None], shares: Shares
) -> Iterable[tuple[int, Finding]]:
    if divisions is None:
        return
    villages = frozenset(divisions)
    known = villages | {code[:9] for code in villages} | {code[:6] for code in villages}
    for index, code in table.parsed.items():
        if code.village_code not in villages:
            unknown = next(part for part in (code.county, code.township_code, code.village_code) if part not in known)
            ground, _ = _ground(table.names[index], code.village_code, shares)
            values = {"code": table.codes[index], "division": unknown, "expected": ground or stated[index] or ""}
            yield index, table.finding("code-division", "error", [index], values)


def _ground(name: str, own: str, shares: Shares) -> tuple[str | None, float | None]:
    """Village with the greatest share of a grid, the code's own before others that are as great, and that share."""
    inside = [(village, float(share)) for village, share in shares.get(name, ()) if share > 0]
    if not inside:
        return None, None
    greatest = max(share for _, share in inside)
    best = sorted(village for village, share in inside if share >= greatest - _SAME_SHARE)
    return (own if own in best else best[0]), greatest


def _wrong_villages(
    table: CodeTable, stated: Sequence[str | None], shares: Shares, skip: Collection[int]
) -> Iterable[Finding]:
    for index, code in table.parsed.items():
        if index in skip:
            continue
        own = code.village_code
        ground, share = _ground(table.names[index], own, shares)
        expected, basis = (ground, "ground") if ground not in (None, own) else (stated[index], "attribute")
        if expected and expected != own:
            parts = sorted(shares.get(table.names[index], ()), key=lambda part: (-part[1], part[0]))
            yield table.finding("code-village", "error", [index], {
                "code": table.codes[index], "village": own, "expected": expected, "basis": basis,
                "share": share, "own_share": dict(parts).get(own, 0.0) if parts else None,
                "shares": ", ".join(f"{village} {part:.1%}" for village, part in parts),
            })


def _misfits(table: CodeTable, kinds: Sequence[str | None]) -> Iterable[tuple[int, Finding]]:
    scheme = table.scheme
    blocks = {block.kind: block for block in scheme.blocks}
    grids_in: defaultdict[str, int] = defaultdict(int)
    for code in table.parsed.values():
        grids_in[code.village_code] += 1
    for index, code in table.parsed.items():
        block = blocks.get(kinds[index] or "")
        whole = (code.serial == scheme.whole_village_serial and kinds[index] == scheme.kinds[0]
                 and grids_in[code.village_code] == 1)
        if kinds[index] is None:
            misfit = scheme.kind_of(code.serial) is None and code.serial != scheme.whole_village_serial
        else:
            misfit = block is None or code.object_class != block.object_class or not (whole or code.serial in block)
        if misfit:
            yield index, table.finding("code-block", "error", [index], {
                "code": table.codes[index], "kind": kinds[index] or "", "serial": table.serial_text(code.serial),
                "serial_kind": scheme.kind_of(code.serial) or "", "object_class": block.object_class if block else "",
                "block": table.span_text(block.first, block.last) if block else "-",
            })
