"""The ledger of codes on a real PostGIS: whoever asks at once, no code is given twice; what failed leaves nothing."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import pytest

from geo.codes.code import code_of
from geo.codes.numbering import append_serials
from geo.codes.schemes import VILLAGES_15
from geo.errors import Conflict, Forbidden, InvalidInput, NeedsKey
from layers.checking.issue_codes import issue_codes, propose_codes, used_serials
from layers.database.database import Database
from layers.identity import Identity, acting

V1, V2 = "321283100201", "321283100202"
EDITOR = Identity("editor", name="test")


def next_of(*villages, count=1, kind="social"):
    """A numbering that takes the next serials of each village."""

    def number(used):
        return [code_of(village, kind, serial) for village in villages
                for serial in append_serials(village, kind, count, used.get(village, ()))]

    return number


@pytest.fixture
def villages(db):
    """Two villages side by side, without grids, as the service sees them, with a connection for each who asks."""
    with db.transaction() as cur:
        for place, code in enumerate(("321283", "321283100", V1, V2)):
            level, parent = {6: ("county", None), 9: ("township", code[:6]), 12: ("village", code[:9])}[len(code)]
            cur.execute(
                "insert into wangge.divisions (code, name, level, parent_code, geom)"
                " values (%s, %s, %s, %s, st_multi(st_makeenvelope(%s, 32, %s, 32.1, 4490)))",
                (code, f"division {place}", level, parent, 120 + place / 10, 120.1 + place / 10),
            )
    with closing(Database(db.api_dsn, pool_size=16)) as service:
        yield service


def ledger(db, village):
    with db.transaction() as cur:
        return used_serials(cur, [village]).get(village, set())


def test_sixteen_who_number_one_village_at_once_never_share_a_code(villages):
    everybody_there = Barrier(16)

    def take(turn):
        with acting(EDITOR):
            everybody_there.wait(timeout=60)
            return [code for count in (1, 2, 3)
                    for code in issue_codes(villages, [V1], next_of(V1, count=count), VILLAGES_15)]

    with ThreadPoolExecutor(16) as pool:
        taken = [code for codes in pool.map(take, range(16)) for code in codes]
    assert Counter(Counter(taken).values()) == {1: 16 * 6}
    # Nobody was refused and nothing was skipped: the serials are exactly the first 96.
    assert sorted(taken) == [code_of(V1, "social", serial) for serial in range(1, 97)]
    assert ledger(villages, V1) == set(range(1, 97))


def test_two_who_want_the_same_villages_in_other_orders_both_get_them(villages):
    together = Barrier(8)

    def take(turn):
        order = (V1, V2) if turn % 2 else (V2, V1)
        with acting(EDITOR):
            together.wait(timeout=60)
            for _ in range(5):
                issue_codes(villages, order, next_of(*order), VILLAGES_15)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(take, range(8)))
    assert ledger(villages, V1) == ledger(villages, V2) == set(range(1, 41))


def test_proposals_keep_nothing_and_issued_codes_stay(villages):
    assert propose_codes(villages, [V1], next_of(V1)) == propose_codes(villages, [V1], next_of(V1)) == [V1 + "001"]
    assert ledger(villages, V1) == set()
    with acting(EDITOR):
        assert issue_codes(villages, [V1], next_of(V1, count=2), VILLAGES_15) == [V1 + "001", V1 + "002"]
        assert issue_codes(villages, [V1], next_of(V1, kind="dedicated"), VILLAGES_15) == [V1 + "501"]
    assert propose_codes(villages, [V1], next_of(V1)) == [V1 + "003"]
    assert ledger(villages, V1) == {1, 2, 501}


def test_codes_of_grids_count_and_retired_ones_stay_used(villages, db):
    with db.transaction() as cur:
        cur.execute(
            "insert into wangge.grids (code, name, kind, village_code, geom) values"
            " (%s, 'grid', 'social', %s, st_multi(st_makeenvelope(120.2, 32, 120.21, 32.1, 4490)))", (V1 + "007", V1))
    assert propose_codes(villages, [V1], next_of(V1)) == [V1 + "008"]
    with db.transaction() as cur:
        cur.execute("delete from wangge.grids")
    assert propose_codes(villages, [V1], next_of(V1)) == [V1 + "008"]


def test_only_editors_take_codes(villages):
    for role, refusal in (("public", NeedsKey), ("staff", Forbidden)):
        with acting(Identity(role)), pytest.raises(refusal):
            issue_codes(villages, [V1], next_of(V1), VILLAGES_15)
    assert ledger(villages, V1) == set()
    with acting(Identity("admin")):
        assert issue_codes(villages, [V1], next_of(V1), VILLAGES_15) == [V1 + "001"]


def test_all_codes_of_a_call_or_none(villages):
    def half(used):
        raise InvalidInput("numbering.block-full", village=V1, kind="social", first=1, last=499, left=0, needed=1)

    with acting(EDITOR):
        with pytest.raises(InvalidInput, match="numbering.block-full"):
            issue_codes(villages, [V1, V2], half, VILLAGES_15)
        issue_codes(villages, [V1], next_of(V1), VILLAGES_15)
        with pytest.raises(Conflict, match="issue.taken"):
            issue_codes(villages, [V1], lambda used: [V1 + "002", V1 + "001"], VILLAGES_15)
    assert ledger(villages, V1) == {1}


@pytest.mark.parametrize("village", ["321283100999", "321283100", "x"])
def test_unknown_village_is_named(villages, village):
    with acting(EDITOR), pytest.raises(InvalidInput) as caught:
        issue_codes(villages, [V1, village], next_of(V1), VILLAGES_15)
    assert caught.value.values["village"] == village
    assert ledger(villages, V1) == set()
