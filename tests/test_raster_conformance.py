"""Every class of Coverages and Maps that is declared, asked for once."""

from __future__ import annotations

from typing import Any

import pytest
from raster_answers import COVERAGE, HERE, TILE, opened

COVERAGES = {
    "core": f"{COVERAGE}?f=geotiff",
    "geotiff": f"{COVERAGE}?f=geotiff",
    "cog": f"{COVERAGE}?f=cog",
    "crs": f"{COVERAGE}?crs=http://www.opengis.net/def/crs/EPSG/0/3857&scale-factor=8",
    "subsetting": f"{COVERAGE}?subset=Lon(120.0:120.02),Lat(*:32.17)",
    "subsetting-spatial": f"{COVERAGE}?subset=E(504000:505000)&subset=N(3560000:3561000)&subset-crs=[EPSG:4549]",
    "subsetting-temporal": f'{COVERAGE}?subset=time("2025-06")&scale-factor=8',
    "scaling": f"{COVERAGE}?scale-size=E(100),N(90)",
    "scaling-spatial": f"{COVERAGE}?resolution=E(500),N(500)",
}
MAPS = {
    "core": f"{HERE}/map",
    "collection-map": f"{HERE}/map?f=png",
    "spatial-subsetting": f"{HERE}/map?center=120.0,32.17&width=90&height=80&scale-denominator=50000",
    "scaling": f"{HERE}/map?width=120&height=100",
    "datetime": f"{HERE}/map?datetime=2025-06&width=100",
    "crs": f"{HERE}/map?crs=http://www.opengis.net/def/crs/OGC/1.3/CRS84&width=100",
    "tilesets": f"{TILE}?f=png",
    "png": f"{HERE}/map?f=png&width=100",
}


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize(("standard", "tried"), [("coverages", COVERAGES), ("maps", MAPS)])
def test_every_declared_class_is_served(service: Any, standard: str, tried: dict[str, str]) -> None:
    """A request of each class is answered in its format, with the headers that its standard wants."""
    declared = service.get("/conformance?f=json").json()["conformsTo"]
    names = {uri.rsplit("/", 1)[-1] for uri in declared if f"ogcapi-{standard}-1/" in uri}
    assert names == set(tried)
    for name, path in tried.items():
        answer = service.get(path)
        with opened(answer) as file:
            assert file.driver == ("GTiff" if standard == "coverages" else "PNG"), name
            if "width=" in path:
                assert file.width == int(path.split("width=")[1].split("&")[0])
        if name != "tilesets":
            assert all(f"Content-{what}" in answer.headers for what in ("Crs", "Bbox", "Datetime")), name
    with opened(service.get(COVERAGES["subsetting-spatial"])) as piece:
        assert tuple(piece.bounds) == (504_000, 3_560_000, 505_000, 3_561_000)
    with opened(service.get(COVERAGES["scaling"])) as piece:
        assert piece.shape == (90, 100)
