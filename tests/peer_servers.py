"""The servers of the benchmark: ours, tipg and stock pygeoapi, each with two processes on a port of its own."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from psycopg2.extensions import parse_dsn

from config.machine.ports import free_port
from config.machine.service import server_command
from config.settings import PROJECT, Settings

WORKERS = 2
MOST_FEATURES = 2000
_PATIENCE_S = 90


@contextmanager
def ours(owner_dsn: str, api_dsn: str, folder: Path) -> Iterator[str]:
    """Address of our service, started as `./wangge up` starts it."""
    settings = Settings(
        data_dir=folder,
        database_url=owner_dsn,
        api_database_url=api_dsn,
        host="127.0.0.1",
        port=free_port(),
        workers=WORKERS,
    )
    with _running(
        "ours",
        server_command(settings),
        settings.environment(),
        PROJECT,
        folder,
        settings.base_url + "/conformance?f=json",
    ):
        yield settings.base_url


@contextmanager
def tipg(api_dsn: str, folder: Path, python: Path) -> Iterator[str]:
    """Address of tipg over ``wangge.grids``, as the role that ours works as."""
    parts = parse_dsn(api_dsn)
    port = free_port()
    server = f"{quote(parts['host'], safe='')}:{parts.get('port', 5432)}"
    variables = {
        "DATABASE_URL": f"postgresql://{parts['user']}@{server}/{parts['dbname']}",
        "TIPG_DB_SCHEMAS": json.dumps(["wangge"]),
        "TIPG_DB_TABLES": json.dumps(["wangge.grids"]),
        # what it sends for a tile is as wide around its edge as ours
        "TIPG_TILE_BUFFER": "64",
        "TIPG_MAX_FEATURES_PER_QUERY": "10000",
    }
    command = [str(python), "-m", "uvicorn", "tipg.main:app", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", str(WORKERS), "--no-access-log", "--log-level", "warning"]
    base = f"http://127.0.0.1:{port}"
    with _running(
        "tipg",
        command,
        _environment(variables),
        folder,
        folder,
        f"{base}/collections/wangge.grids/items?limit=1&f=geojson",
    ):
        yield base


@contextmanager
def stock_pygeoapi(api_dsn: str, folder: Path, python: Path, table: str) -> Iterator[str]:
    """Address of pygeoapi with its own PostgreSQL and MVT providers.

    Parameters
    ----------
    table : str
        Schema and name of a table in EPSG:4326: over EPSG:4490 its bounding boxes find nothing.
    """
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    config, openapi = folder / "pygeoapi.json", folder / "openapi.json"
    config.write_text(json.dumps(_pygeoapi_config(api_dsn, base, table)), "utf-8")
    openapi.write_text(
        json.dumps({"openapi": "3.0.2", "info": {"title": "peer", "version": "1"}, "paths": {}}), "utf-8"
    )
    variables = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(openapi)}
    command = [str(python), "-m", "granian", "pygeoapi.flask_app:APP", "--interface", "wsgi"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", str(WORKERS), "--blocking-threads", "4", "--no-ws", "--log-level", "warning"]
    with _running(
        "pygeoapi", command, _environment(variables), folder, folder, f"{base}/collections/grids/items?limit=1&f=json"
    ):
        yield base


def _pygeoapi_config(api_dsn: str, base: str, table: str) -> dict[str, Any]:
    parts = parse_dsn(api_dsn)
    schema, name = table.split(".")
    data = {
        "host": parts["host"],
        "port": int(parts.get("port", 5432)),
        "dbname": parts["dbname"],
        "user": parts["user"],
    }
    provider = {
        "data": data | {"password": "", "search_path": [schema, "public"]},
        "id_field": "code",
        "table": name,
        "geom_field": "geom",
    }
    tiles = {"zoom": {"min": 0, "max": 16}}
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": 5000},
            "url": base,
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "languages": ["en-US"],
            "limits": {"default_items": 100, "max_items": MOST_FEATURES},
            "map": {"url": base, "attribution": "-"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": "peer",
                "description": "peer",
                "keywords": ["peer"],
                "terms_of_service": base,
                "url": base,
            },
            "license": {"name": "-", "url": base},
            "provider": {"name": "-", "url": base},
            "contact": {"name": "-", "email": "-"},
        },
        "resources": {
            "grids": {
                "type": "collection",
                "title": "grids",
                "description": "grids",
                "keywords": ["grids"],
                "links": [],
                "extents": {
                    "spatial": {"bbox": [-180, -90, 180, 90], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}
                },
                "providers": [
                    {"type": "feature", "name": "PostgreSQL", **provider},
                    {
                        "type": "tile",
                        "name": "MVT-postgresql",
                        **provider,
                        "options": tiles,
                        "storage_crs": "http://www.opengis.net/def/crs/EPSG/0/4326",
                        "format": {"name": "pbf", "mimetype": "application/vnd.mapbox-vector-tile"},
                    },
                ],
            }
        },
    }


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment that children of ours get, without anything of ours, and with these."""
    inherited = {
        name: value for name, value in Settings().environment().items() if not name.startswith(("WANGGE_", "PYTHON"))
    }
    return inherited | dict(variables)


@contextmanager
def _running(
    name: str, command: list[str], environment: Mapping[str, str], cwd: Path, folder: Path, answers_at: str
) -> Iterator[None]:
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, env=dict(environment), cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        end = time.monotonic() + _PATIENCE_S
        while not _answers(answers_at):
            if server.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{name} did not start: {log.read_text('utf-8', 'replace')[-2000:]}")
            time.sleep(0.2)
        yield
    finally:
        server.terminate()
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback is never asked for through a proxy
    try:
        with opener.open(url, timeout=20) as response:
            return bool(response.status == 200)
    except OSError:
        return False
