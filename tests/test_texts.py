"""The service's words: both languages say the same with the same placeholders, and every error has its words."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from layers.text import Text
from layers.texts import say, texts

PROJECT = Path(__file__).resolve().parent.parent
FOLDERS = [PROJECT / name for name in ("geo", "layers", "processes", "config")]
SOURCES = sorted(path for folder in FOLDERS for path in folder.rglob("*.py"))
ERRORS = {"WanggeError", "InvalidInput", "NotFound", "NeedsKey", "Forbidden", "Conflict"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def uses() -> list[tuple[str, str, set[str], bool]]:
    """Of every error that is made and every text said: where, key, values given, and whether ``**`` gives more."""
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            key = node.args[0].value
            if called in ERRORS | {"say"} and isinstance(key, str):
                given = {keyword.arg for keyword in node.keywords if keyword.arg}
                open_ended = any(keyword.arg is None for keyword in node.keywords)
                found.append((f"{path.relative_to(PROJECT)}:{node.lineno}", key, given, open_ended))
    return found


def test_both_languages_have_words_with_the_same_placeholders() -> None:
    assert len(texts()) > 100
    for key, text in texts().items():
        assert text.zh.strip(), f"{key} says nothing in Chinese"
        assert text.en.strip(), f"{key} says nothing in English"
        assert placeholders(text.zh) == placeholders(text.en), key


def test_each_language_is_itself() -> None:
    """An English text in the Chinese column, or the other way round, is a text that nobody wrote."""
    for key, text in texts().items():
        assert not CHINESE.search(re.sub(r"\(.*?\)", "", text.en)), f"{key} speaks Chinese to English readers"
        words = re.search(r"\b[a-z]{3,}\b", re.sub(r"\{.*?\}", "", text.zh))
        assert CHINESE.search(text.zh) or not words, f"{key} speaks English to Chinese readers"


def test_every_error_and_every_text_said_has_its_words_and_values() -> None:
    used = uses()
    assert len(used) > 60
    unknown = [(place, key) for place, key, _, _ in used if key not in texts()]
    assert unknown == []
    unfilled = [
        (place, key, missing)
        for place, key, given, open_ended in used
        if not open_ended and (missing := placeholders(texts()[key].zh) - given)
    ]
    assert unfilled == []


def test_say_fills_and_whatever_is_not_chinese_reads_english() -> None:
    given = {"parameter": "LIMIT", "value": "x", "least": 1}
    chinese, english = (say("query.whole", language, **given) for language in ("zh", "en"))
    assert "LIMIT" in chinese
    assert "LIMIT" in english
    assert chinese != english
    assert Text("甲", "a").in_("fr") == "a"
    with pytest.raises(KeyError):
        say("no.such-key", "zh")


def test_a_value_is_never_taken_for_a_placeholder() -> None:
    """What a client wrote is shown as it is, braces and all."""
    shown = say("query.value", "en", parameter="{0.__class__}", value="{wanted}", wanted="x")
    assert "{0.__class__}" in shown
    assert "“{wanted}”" in shown
