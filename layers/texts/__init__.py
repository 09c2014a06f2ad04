"""The words of the service in zh and en: one TOML file a subject, each entry with both languages side by side."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from layers.text import Text


@cache
def texts() -> dict[str, Text]:
    """All texts by key.

    Returns
    -------
    dict of str to Text
        Keys are unique over all files.

    Raises
    ------
    ValueError
        When two files name one key: a text would otherwise depend on the order of the files.
    """
    found: dict[str, Text] = {}
    for resource in sorted(files(__package__).iterdir(), key=lambda entry: entry.name):
        if not resource.name.endswith(".toml"):
            continue
        for key, entry in tomllib.loads(resource.read_text("utf-8")).items():
            if key in found:
                raise ValueError(f"text {key!r} stands in two files, the second is {resource.name}")
            found[key] = Text(zh=entry["zh"], en=entry["en"])
    return found


def say(key: str, language: str, /, **values: object) -> str:
    """The text of ``key`` with its placeholders filled.

    Parameters
    ----------
    key : str
        Key of a text.
    language : str
        ``"zh"`` or ``"en"``.
    **values : object
        What the placeholders take; a `Text` among them is said in the same language.

    Raises
    ------
    KeyError
        When no file has the key.
    """
    said = {name: value.in_(language) if isinstance(value, Text) else value for name, value in values.items()}
    return texts()[key].in_(language).format(**said)
