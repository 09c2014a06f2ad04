"""The layer of findings: what is open, accepted or fixed, from one run of a check to the next."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import shapely
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from geo.errors import InvalidInput
from geo.finding import KINDS, Finding
from layers.checking.finding_text import message

_LOCK = "select pg_advisory_xact_lock(hashtextextended('wangge.findings ' || %s, 0))"

_INCOMING = sql.SQL("""
    with incoming as (
        select id, kind, severity, array(select jsonb_array_elements_text(ids)) as ids, township_code, area_m2, width_m,
            sliver, message, message_en, st_setsrid(st_geomfromwkb(decode(geom, 'hex')), 4490) as geom
        from jsonb_to_recordset(%s::jsonb) as given (
            id text, kind text, severity text, ids jsonb, township_code text, area_m2 float8, width_m float8,
            sliver boolean, message text, message_en text, geom text)
    )
""")

# A gap that changed so much that its rounded middle moved is still the gap that lies there between those grids.
_MOVED = _INCOMING + sql.SQL("""
    select incoming.id, known.id
    from incoming
    join wangge.findings as known on known.layer = %s and known.state <> 'fixed' and known.kind = incoming.kind
        and known.ids = incoming.ids and st_intersects(known.geom, incoming.geom)
    where not exists (select from wangge.findings as same where same.id = incoming.id and same.state <> 'fixed')
        and not exists (select from incoming as told where told.id = known.id)
    order by st_area(st_intersection(st_makevalid(known.geom), st_makevalid(incoming.geom))) desc, known.id
""")

# Who accepted a finding saw its size. It keeps that area, so that growing in small steps is growing as well; a tenth
# more, and more than the crumbs that rounding leaves, is another matter than the one that was decided.
_STAYS = sql.SQL("""(known.state = 'accepted'
    and not coalesce(excluded.area_m2 > 1.1 * known.area_m2 and excluded.area_m2 > known.area_m2 + 0.01, false))""")

_KEEP = _INCOMING + sql.SQL("""
    insert into wangge.findings as known (
        id, layer, kind, severity, ids, township_code, area_m2, width_m, sliver, message, message_en, geom)
    select id, %s, kind, severity, ids, township_code, area_m2, width_m, sliver, message, message_en, geom
    from incoming
    on conflict (id) do update set
        severity = excluded.severity, township_code = excluded.township_code,
        area_m2 = case when {stays} then known.area_m2 else excluded.area_m2 end,
        width_m = excluded.width_m, sliver = excluded.sliver, message = excluded.message,
        message_en = excluded.message_en, geom = excluded.geom, last_seen_at = now(),
        state = case when {stays} then 'accepted' else 'open' end,
        reason = case when {stays} then known.reason end,
        decided_by = case when {stays} then known.decided_by end,
        decided_at = case when {stays} then known.decided_at end
    returning id, state, xmax = 0
""").format(stays=_STAYS)

_CLOSE = """
    update wangge.findings set state = 'fixed'
    where layer = %s and state <> 'fixed' and kind = any(%s) and not (id = any(%s))
    returning id
"""


@dataclass(frozen=True)
class Kept:
    """What a run of a check made of a layer's findings.

    Attributes
    ----------
    ids : list of str
        Stored id of each finding handed in, in their order.
    states : dict of str to str
        State of each by its stored id: ``open`` or ``accepted``.
    new, fixed : list of str
        Those that were not known before, and those that are gone.
    """

    ids: list[str]
    states: dict[str, str]
    new: list[str] = field(default_factory=list)
    fixed: list[str] = field(default_factory=list)


def store_findings(
    cur: Cursor,
    layer: str,
    findings: Sequence[Finding],
    *,
    townships: Mapping[str, str] | None = None,
    kinds: Collection[str] = KINDS,
) -> Kept:
    """Make the findings of a layer those of this run, inside the caller's transaction.

    A finding that is known stays what it is, so an accepted one stays accepted, with the area it was accepted with;
    when it has grown by more than a tenth of that, it is open again. One that is not found any more is fixed; one that
    comes back is open, whatever was decided on it before.

    Parameters
    ----------
    cur : cursor
        Of the owner: the service's own login may only read findings.
    layer : str
        Id of the layer that was checked.
    findings : sequence of Finding
        All that the run found, geometries in EPSG:4490.
    townships : mapping of str to str, optional
        9-digit township of a feature by its id; a finding belongs to that of the first of its features that has one.
    kinds : collection of str
        Kinds that the run looked for; known findings of other kinds are left alone.

    Returns
    -------
    Kept

    Raises
    ------
    InvalidInput
        When a finding is of another kind than the run looked for.
    """
    strange = sorted({finding.kind for finding in findings} - set(kinds))
    if strange:
        raise InvalidInput("finding.strange-kind", kind=strange[0], kinds=", ".join(sorted(kinds)))
    rows = {row["id"]: row for row in (finding_row(layer, finding, townships or {}) for finding in findings)}
    cur.execute(_LOCK, (layer,))
    cur.execute(_MOVED, (json.dumps(list(rows.values())), layer))
    stays: dict[str, str] = {}
    for now, before in cur.fetchall():
        if now not in stays and before not in stays.values():
            stays[now] = before
            rows[now]["id"] = before
    cur.execute(_KEEP, (json.dumps(list(rows.values())), layer))
    states, new = {}, []
    for id_, state, is_new in cur.fetchall():
        states[id_] = state
        if is_new:
            new.append(id_)
    cur.execute(_CLOSE, (layer, list(kinds), list(states)))
    fixed = [id_ for (id_,) in cur.fetchall()]
    ids = [stays.get(name, name) for name in (stored_id(layer, finding) for finding in findings)]
    return Kept(ids, states, sorted(new), sorted(fixed))


def stored_id(layer: str, finding: Finding) -> str:
    """Id under which a finding of a layer is stored: two layers can have the same fault."""
    return f"{layer}-{finding.identity}"


def finding_row(layer: str, finding: Finding, townships: Mapping[str, str]) -> dict[str, Any]:
    """A finding as the database takes it, as JSON."""
    shape = finding.geometry
    return {
        "id": stored_id(layer, finding),
        "kind": finding.kind,
        "severity": finding.severity,
        "ids": list(finding.ids),
        "township_code": next((townships[name] for name in finding.ids if name in townships), None),
        "area_m2": finding.area_m2,
        "width_m": finding.width_m,
        "sliver": finding.sliver,
        "message": message(finding, "zh"),
        "message_en": message(finding, "en"),
        "geom": None if shape is None else shapely.to_wkb(shape, hex=True, output_dimension=2),
    }
