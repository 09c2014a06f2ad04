"""Tables of README that come from the registries: layers, processes, commands, settings, conformance.

Each stands between two comments, ``<!-- table: NAME -->`` and ``<!-- end -->``. ``python -m config.readme`` writes them
anew, and a test fails where they differ.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from config.cli import parser
from config.settings import PREFIX, PROJECT, Settings
from config.terminal import Terminal
from config.web.conformance import CONFORMANCE
from layers.catalogue.catalogue import CATALOGUE, RASTERS
from processes.registry import PROCESSES

README = PROJECT / "README.md"
_PLACE = re.compile(r"(<!-- table: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_STANDARDS = {
    "ogcapi-common-1": "OGC API - Common 1",
    "ogcapi-common-2": "OGC API - Common 2: geospatial data",
    "ogcapi-features-1": "OGC API - Features 1: core",
    "ogcapi-features-2": "OGC API - Features 2: CRS by reference",
    "ogcapi-features-3": "OGC API - Features 3: filtering",
    "ogcapi-features-4": "OGC API - Features 4: create, replace, update and delete (draft)",
    "ogcapi-features-5": "OGC API - Features 5: schemas",
    "json-fg-1": "OGC Features and Geometries JSON 1: core",
    "ogcapi-records-1": "OGC API - Records 1",
    "cql2": "CQL2",
    "ogcapi-tiles-1": "OGC API - Tiles 1",
    "ogcapi-coverages-1": "OGC API - Coverages 1 (draft)",
    "ogcapi-maps-1": "OGC API - Maps 1",
    "tms": "Two Dimensional Tile Matrix Set",
    "ogcapi-processes-1": "OGC API - Processes 1",
}


def layers() -> str:
    """A row a layer: id, names, geometry, number of fields, time, who may read it."""
    readers = {"public": "all · 公众", "staff": "staff · 内部", "editor": "editors · 编辑"}
    return _table(
        ("Layer", "图层", "What it is", "Geometry", "Fields", "Time", "Read by"),
        [
            (
                f"`{layer.id}`", layer.title.zh, layer.description.en, layer.geometry_type, str(len(layer.fields)),
                " – ".join(f"`{name}`" for name in layer.time) or "–", readers[layer.readers],
            )
            for layer in CATALOGUE.values()
        ]
        + [
            (
                f"`{raster.id}`", raster.title.zh, raster.description.en, "raster", "1", "of its cases",
                readers[raster.readers],
            )
            for raster in RASTERS.values()
        ],
    )  # fmt: skip


def processes() -> str:
    """A row a process: id, names, inputs, least role."""
    rows = []
    for id_, process in PROCESSES.items():
        inputs = ", ".join(f"`{name}`" for name in process.parameters.model_fields)
        rows.append((f"`{id_}`", process.title.zh, process.description.en, inputs, process.least_role))
    return _table(("Process", "处理", "What it does", "Inputs", "Least role"), rows)


def commands() -> str:
    """A row a command of the launcher: its usage and what it does in both languages."""
    english, chinese = (list(_commands(parser(Terminal(language)))) for language in ("en", "zh"))
    rows = [(f"`{usage}`", said, meant) for (usage, said), (_, meant) in zip(english, chinese, strict=True)]
    return _table(("Command", "What it does", "作用"), rows)


def settings() -> str:
    """A row a setting: its variable, default and meaning."""
    meanings = dict(_attributes(Settings.__doc__ or ""))
    rows = []
    for name, field in Settings.model_fields.items():
        value = field.default
        shown = "–" if value in (None, "") else f"`{value.relative_to(PROJECT) if isinstance(value, Path) else value}`"
        rows.append((f"`{PREFIX}{name.upper()}`", shown, meanings[name].replace("``", "`")))
    return _table(("Variable", "Default", "Meaning"), rows)


def conformance() -> str:
    """A row a standard: the classes that ``/conformance`` declares."""
    classes: dict[str, list[str]] = {}
    for uri in CONFORMANCE:
        standard, _, _, name = uri.split("/spec/")[1].split("/")
        classes.setdefault(standard, []).append(name)
    return _table(
        ("Standard", "Conformance classes"),
        [(_STANDARDS.get(standard, standard), ", ".join(names)) for standard, names in classes.items()],
    )


TABLES = {
    "layers": layers, "processes": processes, "commands": commands, "settings": settings, "conformance": conformance,
}  # fmt: skip
"""What may stand between the comments, by name."""


def written(text: str) -> str:
    """A README with its tables written anew.

    Raises
    ------
    KeyError
        When a comment names a table that nobody makes.
    """
    return _PLACE.sub(lambda found: f"{found[1]}{TABLES[found[2]]()}{found[3]}", text)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def _commands(top: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    """Usage and help of every command; one that has commands of its own stands there by those."""
    for action in top._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, command in action.choices.items():
                yield from list(_commands(command)) or [(_usage(command), helps[name])]


def _usage(command: argparse.ArgumentParser) -> str:
    """How a command is typed: what it works on before its options, since an option may take several values."""
    given, options = [], []
    for action in command._actions:
        name = str(action.metavar or action.dest.upper())
        if not action.option_strings:
            given.append(f"[{name}]" if action.nargs == "?" else name)
        elif "--help" not in action.option_strings:
            many = " ..." if action.nargs == "+" else ""
            option = action.option_strings[-1] + ("" if action.nargs == 0 else f" {name}{many}")
            options.append(option if action.required else f"[{option}]")
    return " ".join((command.prog, *given, *options))


def _attributes(docstring: str) -> Iterator[tuple[str, str]]:
    """Name and meaning of each attribute that a numpydoc docstring lists."""
    entries = re.findall(r"^(\w[\w, ]*) : .*\n((?:^    .*\n?)+)", inspect.cleandoc(docstring), re.MULTILINE)
    for names, meaning in entries:
        for name in names.split(", "):
            yield name, " ".join(meaning.split())


if __name__ == "__main__":
    README.write_text(written(README.read_text("utf-8")), "utf-8")
    sys.exit(0)
