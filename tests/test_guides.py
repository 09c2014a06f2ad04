"""Guides can't drift: both languages have the same parts, and what they show is tried against the service."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from shown import PROJECT, SERVED, addresses, blocks, check_command, commands, refused
from test_pages import check

from config.guides.guide import FOLDER, NAMES, PICTURES, anchor, guide, path_of
from config.settings import Settings

LANGUAGES = ("zh", "en")
TEXTS = {(name, language): path_of(name, language).read_text("utf-8") for name in NAMES for language in LANGUAGES}
CALLS = sorted({tuple(call) for text in TEXTS.values() for call in commands(text)})
LARGEST_PICTURES = 1_500_000
LARGEST_PAGE = 16_000
"""Characters of a guide: about a page of a screen or three."""

_PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")


def headings(text: str) -> list[tuple[int, str]]:
    """Level and title of every heading, what stands in blocks left out."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return [(len(marks), title) for marks, title in re.findall(r"^(#+) (.+)$", prose, re.MULTILINE)]


def skeleton(text: str) -> dict[str, Any]:
    """What must be the same in both languages."""
    return {
        "headings": [level for level, _ in headings(text)],
        "commands": [[word for word in call if not re.search(r"\s|[\u4e00-\u9fff]", word)] for call in commands(text)],
        "pictures": [re.sub("-(zh|en)[.]", ".", name) for _, name in _PICTURE.findall(text)],
        "addresses": [re.sub("lang=(zh|en)", "", address) for address in addresses(text)],
        "tables": len(re.findall(r"^\| --- ", text, re.MULTILINE)),
        "variables": sorted(set(re.findall(r"\bWANGGE_[A-Z_]+", text))),
        "guides": sorted(re.findall(r"\]\(([a-z-]+)\.(?:zh|en)\.md", text)),
    }


# --- the texts


def test_every_guide_is_there_in_both_languages_and_no_other() -> None:
    assert {path.name for path in FOLDER.glob("*.md")} == {f"{name}.{language}.md" for name, language in TEXTS}


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_have_the_same_parts(name: str) -> None:
    assert skeleton(TEXTS[name, "zh"]) == skeleton(TEXTS[name, "en"])


@pytest.mark.parametrize(("name", "language"), TEXTS, ids="-".join)
def test_a_guide_is_a_page_with_links_that_lead_somewhere(name: str, language: str) -> None:
    text = TEXTS[name, language]
    assert len(text) < LARGEST_PAGE
    levels = [level for level, _ in headings(text)]
    assert levels[0] == 1 and set(levels[1:]) == {2}
    for address in re.findall(r"(?<!!)\[[^\]]+\]\(([^)]+)\)", text):
        found = re.fullmatch(rf"([a-z-]+)\.{language}\.md(?:#(.+))?", address)
        assert found and found[1] in NAMES, address
        if found[2]:
            assert found[2] in {anchor(title) for _, title in headings(TEXTS[found[1], language])}, address
    ours = {f"WANGGE_{field.upper()}" for field in Settings.model_fields} | {"WANGGE_URL", "WANGGE_KEY", "WANGGE_JOB_"}
    assert set(re.findall(r"\bWANGGE_[A-Z_]+", text)) <= ours
    for path in re.findall(r"`((?:layers|notebooks)/[^`]+)`", text):
        assert (PROJECT / path).exists(), path


def test_every_picture_is_there_small_used_and_told_in_words() -> None:
    shown = [picture for text in TEXTS.values() for picture in _PICTURE.findall(text)]
    assert [name for told, name in shown if len(told) < 5] == []
    files = {f"pictures/{path.name}": path.stat().st_size for path in PICTURES.iterdir()}
    assert set(files) == {name for _, name in shown}
    assert sum(files.values()) < LARGEST_PICTURES


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_a_command_of_a_guide_is_one(call: tuple[str, ...]) -> None:
    check_command(list(call))


def test_readme_leads_to_every_guide() -> None:
    readme = (PROJECT / "README.md").read_text("utf-8")
    assert [path for path in TEXTS if f"(config/guides/{path[0]}.{path[1]}.md)" not in readme] == []


# --- the pages


def test_every_address_of_the_guides_answers(service: Any) -> None:
    assert refused(service, {path for text in TEXTS.values() for path in addresses(text)}, "staff") == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_service_shows_the_guides_with_links_of_its_own(service: Any, language: str) -> None:
    index = service.get(f"guides?lang={language}")
    check(index.text, language, service.base_url)
    assert 'href="/guides"' in service.get(f"?f=html&lang={language}").text
    for name in NAMES:
        assert f'href="/guides/{name}"' in index.text
        answer = service.get(f"guides/{name}?lang={language}")
        page = check(answer.text, language, service.base_url)
        assert SERVED not in answer.text
        ids = set(re.findall(r'\bid="([^"]+)"', answer.text))
        assert {link[1:] for link in page.links if link.startswith("#")} <= ids
        assert re.findall(r"\.md\b", answer.text) == []
        loaded = {address.lstrip("/") for address in page.resources if "/pictures/" in address}
        assert refused(service, loaded) == {}
        assert refused(service, {link.split("#")[0] for link in page.links if link.startswith("/guides")}) == {}


def test_what_is_no_guide_is_not_found(service: Any) -> None:
    for path in ("guides/none", "guides/guide.py", "guides/pictures/..%2Fguide.py", "guides/pictures/none.webp"):
        assert service.get(path, allow_redirects=False).status_code == 404, path
    picture = f"guides/pictures/{next(PICTURES.iterdir()).name}"
    first = service.get(picture)
    again = service.get(picture, headers={"If-None-Match": first.headers["ETag"]})
    assert (first.headers["Content-Type"], again.status_code) == ("image/webp", 304)


def test_a_guide_keeps_html_as_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "map.en.md").write_text("# A <b>title</b>\n\nA lead.\n\n## Part\n\n<script>1</script>\n", "utf-8")
    monkeypatch.setattr("config.guides.guide.FOLDER", tmp_path)
    made = guide.__wrapped__("map", "en", "https://example.org/city")
    assert "<script>" not in made.html and "<b>" not in made.html
    assert (made.sections, made.lead) == ((("part", "Part"),), "A lead.")


# --- what they promise


@pytest.mark.parametrize("language", LANGUAGES)
def test_python_of_the_guide_to_notebooks_runs(service: Any, tmp_path: Path, language: str) -> None:
    code = "\n".join(blocks(TEXTS["notebooks", language], "python")).replace(SERVED, service.base_url)
    script = tmp_path / "guide.py"
    script.write_text(
        f"import matplotlib\nmatplotlib.use('agg')\nKEY = {service.keys['staff']!r}\n{code}\n"
        "assert len(grids) > 1000 and 0 < len(huangqiao) < len(grids) and len(cameras)\n"
        "assert set(huangqiao.township_code) == {'321283100'}\n",
        "utf-8",
    )
    environment = {
        "PATH": "/usr/bin:/bin", "NO_PROXY": "127.0.0.1", "LANG": "C.UTF-8", "HOME": str(tmp_path),
        # the client lies beside the notebooks
        "PYTHONPATH": str(PROJECT / "notebooks"),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, script], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "网格" in done.stdout


def test_another_county_stands_up_by_the_guide(db: Any, tmp_path: Path) -> None:
    """Every command of the guide from loading to the backup, one after another, on an empty database."""
    folder = tmp_path / "county"
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "WANGGE_DATA_DIR": str(tmp_path / "data"),
        "WANGGE_DATABASE_URL": db.owner_dsn, "WANGGE_API_DATABASE_URL": db.api_dsn,
    }  # fmt: skip

    def wangge(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "config.cli", *arguments], cwd=PROJECT, env=environment, capture_output=True,
            text=True, timeout=120, check=False,
        )  # fmt: skip

    made = subprocess.run(
        [sys.executable, "-m", "config.guides.rehearsal", str(folder)], cwd=PROJECT, capture_output=True, check=True
    )
    assert len(made.stdout.split()) == 5
    calls = [call for call in commands(TEXTS["another-county", "en"]) if call[0] != "up"]
    assert [call[0] for call in calls].count("load") == 5
    said = {}
    for call in calls:
        done = wangge(*(word.replace("county/", f"{folder}/") for word in call))
        assert done.returncode == 0, (call, done.stdout[-500:], done.stderr[-2000:])
        said[" ".join(call)] = done.stdout
    (shown,) = blocks(TEXTS["another-county", "en"], "text")
    assert any(shown.strip() in text for text in said.values())
    told = "\n".join(said.values())
    assert "EPSG:4544" in told
    assert "grids: 198 polygons, nothing found" in told
    assert "cases: 4000 rows read, 4000 loaded" in told
    assert (folder / "report.html").stat().st_size > 1_000
    assert (folder / "first.wangge").stat().st_size > 100_000
    # the codes are given out: another scheme would make them mean something else
    assert wangge("city", "--scheme", "cjt349-20").returncode == 2
