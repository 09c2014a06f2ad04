"""Checks of codes on every scheme: each kind of fault is found where it was planted, in any order of the grids."""

import random
from dataclasses import replace

import numpy as np
import pytest
import shapely

from geo.codes.check import check_codes
from geo.codes.code import code_of, format_code, parse_code
from geo.codes.numbering import assign_serials
from geo.codes.schemes import SCHEMES
from geo.finding import CODE_KINDS
from layers.texts import say

SRID = 4549
V1, V2 = "321283100201", "321283001001"


@pytest.fixture(params=SCHEMES.values(), ids=lambda scheme: scheme.id)
def scheme(request):
    return request.param


class Town:
    """Two villages of 20 social and 4 dedicated grids each, numbered for the first time in a scheme."""

    def __init__(self, scheme):
        self.scheme = scheme
        self.shapes, self.kinds, self.villages = [], [], []
        for village, west in ((V1, 500_000), (V2, 501_000)):
            for place in range(24):
                x, y = west + 100 * (place % 4), 3_560_000 + 100 * (place // 4)
                self.shapes.append(shapely.box(x, y, x + 100, y + 100))
                self.kinds.append("dedicated" if place % 4 == 0 and place < 16 else "social")
                self.villages.append(village)
        serials = assign_serials(self.shapes, self.villages, self.kinds, scheme, metric_srid=SRID, srid=SRID)
        self.codes = [code_of(*row, scheme) for row in zip(self.villages, self.kinds, serials.tolist(), strict=True)]
        self.ids = [f"grid-{i}" for i in range(48)]
        self.retired, self.shares = set(), {}

    def check(self, order=None):
        order = range(48) if order is None else order
        shapes = np.array([self.shapes[i] for i in order], dtype=object)
        columns = [[column[i] for i in order] for column in (self.codes, self.kinds, self.villages)]
        return check_codes(*columns, divisions={V1, V2}, retired=self.retired, scheme=self.scheme,
                           ids=[self.ids[i] for i in order], shares=self.shares, geometries=shapes, metric_srid=SRID,
                           srid=SRID)  # fmt: skip

    def socials(self):
        """Social grids of the first village in the order of their codes."""
        return sorted((i for i in range(24) if self.kinds[i] == "social"), key=lambda i: self.codes[i])

    def recoded(self, code, **parts):
        return format_code(replace(parse_code(code, self.scheme), **parts), self.scheme)


def test_first_numbering_is_without_fault(scheme):
    town = Town(scheme)
    assert len(set(town.codes)) == 48
    assert {len(code) for code in town.codes} == {scheme.width}
    assert town.check() == []


def missing(town, at):
    town.codes[at] = " "


def malformed(town, at):
    town.codes[at] = town.codes[at][:-1] + "x"


def unknown(town, at):
    town.codes[at] = town.recoded(town.codes[at], village="299")


def reused(town, at):
    town.retired.add(town.codes[at])


def moved(town, at):
    town.shares[town.ids[at]] = [(V2, 0.7), (V1, 0.3)]


def outside_block(town, at):
    town.kinds[at] = "dedicated"


@pytest.mark.parametrize(("plant", "kind"), [
    (missing, "code-missing"), (malformed, "code-format"), (unknown, "code-division"), (reused, "code-reused"),
    (moved, "code-village"), (outside_block, "code-block")])
def test_a_planted_fault_is_the_only_one(scheme, plant, kind):
    town = Town(scheme)
    # the last of its village, so that no hole is left where it was
    last = town.socials()[-1]
    plant(town, last)
    (found,) = town.check()
    assert (found.kind, found.severity, found.ids) == (kind, "error", (town.ids[last],))


def test_ground_in_another_village_is_told_with_its_share(scheme):
    town = Town(scheme)
    moved(town, town.socials()[-1])
    (found,) = town.check()
    assert (found.values["expected"], found.values["share"], found.values["own_share"]) == (V2, 0.7, 0.3)
    for language in ("zh", "en"):
        assert "70.0%" in say("finding.code-village", language, **found.text_values())


def test_one_code_twice(scheme):
    town = Town(scheme)
    first, *_, last = town.socials()
    town.codes[last] = town.codes[first]
    found = {finding.kind: finding for finding in town.check()}
    assert set(found["code-duplicate"].ids) == {town.ids[first], town.ids[last]}
    assert {finding.severity for kind, finding in found.items() if kind != "code-duplicate"} <= {"note"}


def test_hole_and_order_are_notes(scheme):
    town = Town(scheme)
    socials = town.socials()
    block = scheme.block_of("social")
    town.codes[socials[2]] = code_of(V1, "social", block.first + len(socials), scheme)
    found = {finding.kind: finding for finding in town.check()}
    assert {kind: finding.severity for kind, finding in found.items()} == {"code-hole": "note", "code-order": "note"}
    assert int(found["code-hole"].values["holes"]) == block.first + 2
    assert found["code-order"].ids == (town.ids[socials[2]],)


def test_findings_do_not_depend_on_the_order_of_the_grids(scheme):
    town = Town(scheme)
    faults = (missing, malformed, unknown, reused, moved, outside_block)
    for at, plant in zip(town.socials()[1::3], faults, strict=False):
        plant(town, at)
    twice = [i for i in range(24, 48) if town.kinds[i] == "social"][:2]
    town.codes[twice[0]] = town.codes[twice[1]]

    def told(findings):
        return [(f.identity, f.kind, f.severity, sorted(f.ids), dict(f.values)) for f in findings]

    first = town.check()
    assert {finding.kind for finding in first} >= set(CODE_KINDS) - {"code-order"}
    for seed in range(5):
        order = list(range(48))
        random.Random(seed).shuffle(order)
        assert told(town.check(order)) == told(first)
