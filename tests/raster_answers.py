"""Addresses of the case density, and its answers opened by GDAL."""

from __future__ import annotations

import io
from typing import Any

import rasterio

HERE = "/collections/case-density"
COVERAGE = f"{HERE}/coverage"
TILE = f"{HERE}/map/tiles/WebMercatorQuad/10/414/853"


def opened(answer: Any) -> Any:
    """The file of an answer that went well, as a dataset."""
    assert answer.status_code == 200, answer.text[:500]
    return rasterio.open(io.BytesIO(answer.content))
