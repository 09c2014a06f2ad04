"""Process assign-codes: codes for new grids, proposed or given out for good."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

import numpy as np
import shapely
from pydantic import Field

from geo.codes.code import code_of, parse_code
from geo.codes.numbering import append_serials, assign_serials
from geo.codes.schemes import DEFAULT_SCHEME, CodeScheme, scheme_of
from geo.crosswalk.village_shares import village_shares
from geo.crs import metric_srid
from geo.errors import InvalidInput
from layers.checking.coded_grids import CodedGrids, read_city, read_villages
from layers.checking.issue_codes import Numbering, issue_codes, propose_codes
from layers.database.database import bound
from layers.text import Text
from processes.base import Parameters, Process
from processes.features.grid_features import read_collection


class AssignCodesParameters(Parameters):
    """Inputs of assign-codes."""

    grids: dict[str, Any] | None = Field(
        None,
        title="Grids",
        description="GeoJSON FeatureCollection in longitude and latitude. Read are kind (social when missing), "
        "village_code (the village with most of the ground when missing) and code: a grid that has one keeps it.",
        json_schema_extra={
            "title_zh": "网格",
            "description_zh": "GeoJSON 要素集合（经度、纬度）。属性 kind 缺省为 social，"
            "village_code 缺省为占地最多的村；已有 code 的保持不变。",
            "contentMediaType": "application/geo+json",
        },
    )
    village_codes: list[str] | None = Field(
        None,
        title="Village codes",
        description="12-digit codes of villages, to get the next codes of each without geometries.",
        json_schema_extra={
            "title_zh": "村代码",
            "description_zh": "12 位村（社区）代码；不提供图形，只取各村接下来的编码。",
        },
    )
    kind: str = Field(
        "social",
        title="Kind",
        description="Kind of grid that the next codes of village_codes are for.",
        json_schema_extra={"title_zh": "类别", "description_zh": "按 village_codes 取号时的网格类别。"},
    )
    count: int = Field(
        1,
        ge=1,
        le=999,
        title="Count",
        description="How many codes of each of the village_codes.",
        json_schema_extra={"title_zh": "数量", "description_zh": "按 village_codes 取号时每村的数量。"},
    )
    scheme: str | None = Field(
        None,
        title="Coding scheme",
        description="Id of a coding scheme; that of the city when it is not given.",
        json_schema_extra={"title_zh": "编码方案", "description_zh": "编码方案标识；缺省为本市的方案。"},
    )
    issue: bool = Field(
        False,
        title="Give out",
        description="Give the codes out for good (editors); otherwise they are only proposed.",
        json_schema_extra={"title_zh": "占用", "description_zh": "为 true 时正式占用编码（编辑人员）；否则仅为建议。"},
    )


class AssignCodes(Process):
    """Numbers grids inside their villages in reading order, after every code that was ever given out."""

    id: ClassVar[str] = "assign-codes"
    title: ClassVar[Text] = Text("网格编码", "Assign grid codes")
    description: ClassVar[Text] = Text(
        "按村内自北向南分带、带内自西向东的顺序为网格编号；用过的编码不再使用。",
        "Numbers grids inside their villages, in bands from north to south and west to east inside a band; "
        "no code is used twice.",
    )
    parameters: ClassVar[type[Parameters]] = AssignCodesParameters
    result: ClassVar[Text] = Text("带编码的网格（GeoJSON）", "Grids with their codes (GeoJSON)")
    example: ClassVar[dict[str, Any]] = {"village_codes": ["321283100202"], "kind": "dedicated", "count": 2}

    def run(self, parameters: AssignCodesParameters) -> dict[str, Any]:
        """The grids as a FeatureCollection; each has ``code``, ``kind`` and ``village_code``."""
        if (parameters.grids is None) == (parameters.village_codes is None):
            raise InvalidInput("assign-codes.what")
        with bound().transaction() as cur:
            city = read_city(cur)
        scheme = scheme_of(parameters.scheme or (city[1] if city else DEFAULT_SCHEME.id))
        if parameters.village_codes is not None:
            return self._next_codes(parameters, scheme)
        return self._grids(parameters, scheme, city[0] if city else None)

    def _next_codes(self, parameters: AssignCodesParameters, scheme: CodeScheme) -> dict[str, Any]:
        villages = sorted(set(parameters.village_codes or ()))

        def number(used: Mapping[str, Collection[int]]) -> list[str]:
            return [
                code_of(village, parameters.kind, serial, scheme)
                for village in villages
                for serial in append_serials(village, parameters.kind, parameters.count, used.get(village, ()), scheme)
            ]

        codes = _numbered(villages, number, scheme, issue=parameters.issue)
        features = [
            _feature(code, None, {"kind": parameters.kind, "village_code": parse_code(code, scheme).village_code}, code)
            for code in codes
        ]
        return _collection(features, scheme, issued=len(codes) if parameters.issue else 0)

    def _grids(self, parameters: AssignCodesParameters, scheme: CodeScheme, srid: int | None) -> dict[str, Any]:
        given = parameters.grids or {}
        grids = read_collection(given)
        held = [code if code and code.strip() else None for code in grids.codes]
        parsed = [parse_code(code, scheme) if code else None for code in held]
        stated = _villages_of(grids, held)
        villages = [code.village_code if code else village for code, village in zip(parsed, stated, strict=True)]
        kinds = [
            kind or (scheme.kind_of(code.serial) if code else None) or scheme.kinds[0]
            for kind, code in zip(grids.kinds, parsed, strict=True)
        ]
        fresh = [index for index, code in enumerate(held) if code is None]

        def number(used: Mapping[str, Collection[int]]) -> list[str]:
            serials = assign_serials(
                grids.geometries,
                villages,
                kinds,
                scheme,
                metric_srid=srid or _metric_srid(grids),
                used=used,
                serials=[code.serial if code else None for code in parsed],
            )
            return [code_of(villages[i], kinds[i], int(serials[i]), scheme) for i in fresh]

        asked = [villages[i] for i in fresh]
        codes = dict(zip(fresh, _numbered(asked, number, scheme, issue=parameters.issue), strict=True)) if fresh else {}
        features = []
        for index, feature in enumerate(given["features"]):
            code = codes.get(index) or held[index]
            own = {**(feature.get("properties") or {}), "kind": kinds[index], "village_code": villages[index]}
            features.append(_feature(feature.get("id", grids.ids[index]), feature.get("geometry"), own, code))
        return _collection(features, scheme, issued=len(codes) if parameters.issue else 0)


def _numbered(villages: list[str], number: Numbering, scheme: CodeScheme, *, issue: bool) -> list[str]:
    return issue_codes(bound(), villages, number, scheme) if issue else propose_codes(bound(), villages, number)


def _villages_of(grids: CodedGrids, held: list[str | None]) -> list[str]:
    """The stated village of each grid; of one that states none and has no code, the village with most of its ground."""
    stated = zip(grids.village_codes, held, strict=True)
    missing = [index for index, (village, code) in enumerate(stated) if not village and not code]
    found = [village or "" for village in grids.village_codes]
    if missing:
        with bound().transaction() as cur:
            villages, grounds = read_villages(cur)
        for index, shares in zip(missing, village_shares(grids.geometries[missing], grounds, villages), strict=True):
            if not shares:
                raise InvalidInput("assign-codes.no-village", index=index + 1, id=grids.ids[index])
            found[index] = shares[0][0]
    return found


def _metric_srid(grids: CodedGrids) -> int:
    """Metric CRS at the middle of the grids, for a database without a city."""
    bounds = shapely.total_bounds(grids.geometries)
    return metric_srid(float(np.mean(bounds[[0, 2]])))


def _feature(id_: object, geometry: Any, properties: dict[str, Any], code: str | None) -> dict[str, Any]:
    return {"type": "Feature", "id": id_, "geometry": geometry, "properties": {**properties, "code": code}}


def _collection(features: list[dict[str, Any]], scheme: CodeScheme, issued: int) -> dict[str, Any]:
    return {"type": "FeatureCollection", "scheme": scheme.id, "issued": issued, "features": features}
