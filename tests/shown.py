"""What a text for people shows: its blocks, command lines and addresses, and whether the command line knows them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from config.cli import parser
from config.terminal import Terminal
from layers.catalogue.catalogue import CATALOGUE
from layers.loading.rules import RULES
from processes.registry import PROCESSES

PROJECT = Path(__file__).resolve().parent.parent
SERVED = "http://127.0.0.1:5000"


def blocks(text: str, language: str) -> list[str]:
    """Fenced blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands(text: str) -> list[list[str]]:
    """Every command line that shell blocks, and code inside sentences, give the launcher, as words.

    Code that says of which form a command is (``FILE``, ``[--json]``) is none.
    """
    lines = [line for block in blocks(text, "sh") for line in block.splitlines()]
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    coded = [code for code in re.findall(r"`([^`\n]+)`", prose) if re.match(r"\./wangge [a-z]+( |$)", code)]
    lines += [code for code in coded if not re.search(r"[\[|]| [A-Z]{3,}|^\./wangge run$|…", code)]
    calls = [part.strip() for line in lines for part in line.split("&&") if part.strip().startswith("./wangge ")]
    return [shlex.split(call, comments=True)[1:] for call in calls]


def check_command(call: list[str]) -> None:
    """A command line is one that the launcher takes, with layers, fields and inputs that there are."""
    if call[0] == "test":
        assert all((PROJECT / word).exists() for word in call[1:] if word.endswith(".py"))
        return
    given = parser(Terminal("en")).parse_args(call)
    if call[0] in ("load", "export"):
        assert given.layer in (RULES if call[0] == "load" else CATALOGUE)
        assert [pair for pair in getattr(given, "map", []) if "=" not in pair] == []
    if call[0] == "run":
        inputs = {pair.partition("=")[0] for pair in given.input}
        assert inputs <= set(PROCESSES[given.process].parameters.model_fields)


def addresses(text: str) -> list[str]:
    """Every address of the service in a text, from its root, a tile's place filled in."""
    found = re.findall(rf"`({SERVED}[^`]*)`|<({SERVED}[^>]*)>", text)
    filled = (
        "".join(pair).replace("{z}", "12").replace("{y}", "1661").replace("{x}", "3413") for pair in found
    )  # fmt: skip
    return sorted({text.removeprefix(SERVED) or "/" for text in filled})


def refused(service: object, paths: Iterable[str], role: str | None = None) -> dict[str, int]:
    """Status of each address that does not answer well."""
    answers = {path: service.get(quote(path, safe="/?=&,:+'>"), role).status_code for path in paths}  # type: ignore[attr-defined]
    return {path: status for path, status in answers.items() if status != 200}
