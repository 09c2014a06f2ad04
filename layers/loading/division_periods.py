"""Versions of divisions in a load: what their days have to be, among each other, beside those that are there, and
within their parents.
"""

from __future__ import annotations

from typing import Final

from psycopg2.extensions import cursor as Cursor

# One code, one division on any one day, in the file and in the table: the condition of the exclusion constraint. A
# division without a first day has been there since before anybody kept book; where the file tells its past, it has been
# since that ends.
_PERIODS: Final = """
create temporary table division_periods on commit drop as
select row_number, code, parent_code, valid_to, daterange(valid_from, valid_to) as period
from incoming where code is not null and coalesce(valid_to > valid_from, true);
create temporary table division_starts on commit drop as
select there.fid, max(past.valid_to) as first_day
from wangge.divisions as there join division_periods as past on past.code = there.code
where there.valid_from is null and there.valid_to is null
group by there.fid having bool_and(past.valid_to is not null);
analyze division_periods
"""

_REPEATED: Final = """
insert into refused
select row_number, 'code', code, 'load.reject-period-repeated', json_build_object('first', min(earlier))::text
from (select later.row_number, later.code, earlier.row_number as earlier
      from division_periods as later join division_periods as earlier
          on earlier.code = later.code and earlier.row_number < later.row_number
              and earlier.period && later.period) as twice
group by row_number, code
"""

_LOADED: Final = """
insert into refused
select row_number, 'code', periods.code, 'load.reject-period-loaded',
    json_build_object('days', string_agg(concat(
        coalesce(coalesce(starts.first_day, there.valid_from)::text, '…'), ' – ',
        coalesce((there.valid_to - 1)::text, '…')), ', ' order by there.valid_from))::text
from division_periods as periods join wangge.divisions as there on there.code = periods.code
left join division_starts as starts using (fid)
where daterange(coalesce(starts.first_day, there.valid_from), there.valid_to) && period
group by row_number, periods.code
"""

# A village needs its township; a township may be all that is known of its county.
_PARENTS: Final = """
update incoming set parent_code = left(code, case length(code) when 12 then 9 else 6 end)
where parent_code is null and length(code) > 6 and (
    length(code) = 12
    or exists (select from wangge.divisions as above where above.code = left(incoming.code, 6))
    or exists (select from incoming as above where above.code = left(incoming.code, 6)));
insert into refused
select row_number, 'parent_code', parent_code, 'load.reject-parent', '{}'
from incoming where parent_code is not null
    and not exists (select from wangge.divisions as above where above.code = incoming.parent_code)
    and not exists (select from incoming as above where above.code = incoming.parent_code)
"""

# The parent of a version is there on every day on which the version is, in one version of its own or in several. Of one
# that does not say when it began, only days are asked for that the parent's own book has.
_ORPHANS: Final = """
with above as (
    select code, range_agg(period) as days
    from (select code, period from division_periods
          union all
          select code, daterange(coalesce(starts.first_day, valid_from), valid_to)
          from wangge.divisions left join division_starts as starts using (fid)) as known
    group by code
), missing as (
    select row_number, incoming.parent_code, datemultirange(case
        when valid_from is null and coalesce(lower(days) < valid_to, true) then daterange(lower(days), valid_to)
        else daterange(valid_from, valid_to) end) - days as gaps
    from incoming join above on above.code = incoming.parent_code
    where coalesce(valid_to > valid_from, true)
)
insert into refused
select row_number, 'parent_code', parent_code, 'load.reject-parent-days', json_build_object('days', (
    select string_agg(concat(coalesce(lower(gap)::text, '…'), ' – ', coalesce((upper(gap) - 1)::text, '…')), ', ')
    from unnest(gaps) as gap))::text
from missing where not isempty(gaps)
"""

_START: Final = """
update wangge.divisions set valid_from = first_day from division_starts where divisions.fid = division_starts.fid
"""


def check_periods(cur: Cursor) -> None:
    """Note in ``refused`` which rows of ``incoming`` overlap others of their code in time, or lack a parent on some
    day; parents that are not stated are filled in.
    """
    cur.execute(_PERIODS)
    for statement in (_REPEATED, _LOADED, _PARENTS, _ORPHANS):
        cur.execute(statement)


def begin_after_past(cur: Cursor) -> int:
    """Let divisions without a first day begin where the past ends that is being loaded; how many there were."""
    cur.execute(_START)
    return int(cur.rowcount)
