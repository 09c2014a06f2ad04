"""Record what pydggsapi answers, for ``test_dggs_peer.py``: ``python tests/record_dggs.py PYTHON``.

PYTHON is the interpreter of an environment with what ``peers-pydggsapi.txt`` names; it takes no Python above 3.12.
pydggsapi runs on the loopback interface, over the counts of a few made-up cases in a Parquet file; requests and answers
go to ``dggs_pydggsapi.json``. Nothing of it is needed to run the test.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import h3
import numpy as np
import pandas as pd

from config.machine.ports import free_port

RECORDED = Path(__file__).with_name("dggs_pydggsapi.json")
_CASES = 120
_MIDDLE, _SPREAD = (120.05, 32.17), (0.02, 0.015)
_GEOJSON = "application/geo+json"
_BOX = "120.0,32.1,120.1,32.2"

#: pydggsapi fetches an extension for remote files as it starts; these files are local. It deep-copies its data sources.
_SERVE = """
import sys, duckdb, uvicorn
connect = duckdb.connect
class Local:
    def __init__(self, connection): self.connection = connection
    def install_extension(self, name): pass
    def load_extension(self, name): pass
    def __getattr__(self, name): return getattr(self.connection, name)
    def __deepcopy__(self, memo): return self
duckdb.connect = lambda *given, **more: Local(connect(*given, **more))
uvicorn.run("pydggsapi.api:app", host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
"""


def requests(zone: str) -> list[tuple[str, str]]:
    """Path below the grid, in our words, and the type of the answer."""
    fine = h3.cell_to_center_child(zone, 8)
    return [
        *((f"/zones/{cell}", "application/json") for cell in (h3.cell_to_parent(zone, 3), zone, fine)),
        *((f"/zones?bbox={_BOX}&zone-level={level}&compact-zones={compact}", "application/json")
          for level in (6, 7, 8, 9) for compact in ("false", "true")),
        (f"/zones?parent-zone={zone}&zone-level=9&compact-zones=false", "application/json"),
        (f"/zones?parent-zone={zone}&bbox=120.02,32.16,120.04,32.2&zone-level=8&compact-zones=false",
         "application/json"),
        (f"/zones?parent-zone={zone}&zone-level=7&compact-zones=false", _GEOJSON),
        *((f"/zones/{zone}/data?zone-depth={depth}", "application/json") for depth in ("0", "1", "0-3", "1,4")),
        (f"/zones/{zone}/data", "application/json"),
        (f"/zones/{zone}/data?zone-depth=2&geometry=zone-region", _GEOJSON),
        (f"/zones/{fine}/data?zone-depth=1&geometry=zone-centroid", _GEOJSON),
    ]  # fmt: skip


def main(python: str) -> None:
    """Run the peer with an interpreter, ask, and write down what it says."""
    rng = np.random.default_rng(21)
    points = np.round(rng.normal(_MIDDLE, _SPREAD, (_CASES, 2)), 6).tolist()
    zone = h3.latlng_to_cell(_MIDDLE[1], _MIDDLE[0], 6)
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        _write_source(folder, points)
        (folder / "serve.py").write_text(_SERVE, "utf-8")
        environment = os.environ | {"dggs_api_config": str(folder / "config.json")}
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [python, "serve.py", str(port)], cwd=folder, env=environment, stdout=log, stderr=log
            )
        try:
            base = f"http://127.0.0.1:{port}/dggs-api/v1-pre"
            _wait(f"{base}/", server, folder / "log")
            answers = [
                {"path": path, "type": media_type,
                 "answer": _ask(f"{base}/collections/case-heat/dggs/H3{path}", media_type)}
                for path, media_type in requests(zone)
            ]  # fmt: skip
            version = _ask(f"{base}/", "application/json")["version"]
        finally:
            server.terminate()
            server.wait(20)
    recorded = {"made_by": f"pydggsapi {version}", "points": points, "zone": zone, "answers": answers}
    lines = json.dumps(recorded, separators=(",", ":")).replace('{"path"', '\n{"path"')
    RECORDED.write_text(lines + "\n", "utf-8")


def _write_source(folder: Path, points: list[list[float]]) -> None:
    """Counts of every level as the peer reads them: a row a cell, by the hierarchy of the numbers."""
    fine = [h3.latlng_to_cell(lat, lon, 10) for lon, lat in points]
    rows = [pair for level in range(11) for pair in Counter(h3.cell_to_parent(cell, level) for cell in fine).items()]
    pd.DataFrame(rows, columns=["zone_id", "count"]).to_parquet(folder / "counts.parquet")
    source = {"filepath": str(folder / "counts.parquet"), "id_col": "zone_id"}
    collection = {
        "title": "Case heat", "description": "Counts", "extent": {"spatial": {"bbox": [[119.9, 32, 120.2, 32.3]]}},
        "collection_provider": {
            "providerId": "parquet", "dggrsId": "H3", "dggrs_zoneid_repr": "textual", "min_refinement_level": 0,
            "max_refinement_level": 10, "datasource_id": "counts",
        },
    }  # fmt: skip
    grid = {
        "title": "H3", "description": "H3", "crs": "wgs84", "shapeType": "hexagon", "defaultDepth": 0,
        "definition_link": "https://h3geo.org/", "classname": "h3_dggrs_provider.H3Provider",
    }  # fmt: skip
    provider = {"classname": "parquet_collection_provider.ParquetCollectionProvider", "datasources": {"counts": source}}
    config = {
        "collections": {"1": {"case-heat": collection}},
        "dggrs": {"1": {"H3": grid}},
        "collection_providers": {"1": {"parquet": provider}},
    }
    (folder / "config.json").write_text(json.dumps(config), "utf-8")


def _wait(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end and server.poll() is None:
        try:
            _ask(address, "application/json")
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise RuntimeError(f"pydggsapi did not start: {log.read_text('utf-8')[-2000:]}")


def _ask(address: str, media_type: str) -> Any:
    # the parameter has lost a letter there
    request = urllib.request.Request(address.replace("compact-zones", "compact-zone"), headers={"Accept": media_type})
    with urllib.request.urlopen(request, timeout=60) as answer:
        told = json.load(answer)
    return {name: value for name, value in told.items() if name not in ("links", "schema", "dggrs", "$schema")}


if __name__ == "__main__":
    main(sys.argv[1])
