"""Process check-codes: what is wrong with the codes of a layer of grids."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from geo.codes.check import check_codes
from geo.codes.schemes import DEFAULT_SCHEME, scheme_of
from geo.crosswalk.village_shares import village_shares
from geo.errors import InvalidInput
from layers.checking.coded_grids import read_city, read_codes_gone, read_grids, read_villages
from layers.database.database import bound
from layers.text import Text
from processes.base import Parameters, Process
from processes.features.finding_features import finding_features
from processes.features.grid_features import read_collection


class CheckCodesParameters(Parameters):
    """Inputs of check-codes."""

    layer: str | None = Field(
        None,
        title="Layer",
        description="Id of a layer of this service with grid codes; grids when neither layer nor grids is given.",
        json_schema_extra={
            "title_zh": "图层",
            "description_zh": "本服务中带网格编码的图层；与 grids 均未给出时为 grids。",
        },
    )
    grids: dict[str, Any] | None = Field(
        None,
        title="Grids",
        description="GeoJSON FeatureCollection in longitude and latitude, with code, kind and village_code.",
        json_schema_extra={
            "title_zh": "网格",
            "description_zh": "GeoJSON 要素集合（经度、纬度），属性含 code、kind、village_code。",
            "contentMediaType": "application/geo+json",
        },
    )
    scheme: str | None = Field(
        None,
        title="Coding scheme",
        description="Id of a coding scheme; that of the city when it is not given.",
        json_schema_extra={"title_zh": "编码方案", "description_zh": "编码方案标识；缺省为本市的方案。"},
    )


class CheckCodes(Process):
    """Form, division, village, block, uniqueness and order of grid codes."""

    id: ClassVar[str] = "check-codes"
    title: ClassVar[Text] = Text("检查网格编码", "Check grid codes")
    description: ClassVar[Text] = Text(
        "检查编码的格式、区划、归属村、号段、唯一性、停用后重用，并提示空号与顺序。",
        "Checks the form of codes, their division, village and block of serials, that each is there once and none is "
        "used again; notes holes and order.",
    )
    parameters: ClassVar[type[Parameters]] = CheckCodesParameters
    result: ClassVar[Text] = Text("检查结果（GeoJSON）", "Findings (GeoJSON)")
    example: ClassVar[dict[str, Any]] = {"layer": "grids"}

    def run(self, parameters: CheckCodesParameters) -> dict[str, Any]:
        """Findings as a FeatureCollection, the worst first."""
        if parameters.layer is not None and parameters.grids is not None:
            raise InvalidInput("check-codes.both")
        with bound().transaction() as cur:
            city = read_city(cur)
            villages, grounds = read_villages(cur)
            gone, issued = read_codes_gone(cur)
            grids = (
                read_collection(parameters.grids)
                if parameters.grids is not None
                else read_grids(cur, parameters.layer or "grids")
            )
        metric_srid, city_scheme = city or (None, DEFAULT_SCHEME.id)
        shares = village_shares(grids.geometries, grounds, villages)
        found = check_codes(
            grids.codes,
            grids.kinds,
            grids.village_codes,
            divisions=villages or None,
            retired=gone,
            issued=issued,
            scheme=scheme_of(parameters.scheme or city_scheme),
            ids=grids.ids,
            shares=dict(zip(grids.ids, shares, strict=True)),
            geometries=grids.geometries,
            metric_srid=metric_srid,
        )
        return finding_features(found, checked=len(grids.ids))
