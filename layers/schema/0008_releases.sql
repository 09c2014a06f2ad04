-- What the public sees of cases are releases: counts of closed months and years, frozen when they are released and told
-- where nobody can work out a small one. Between releases no public number moves, whatever happens to the cases.

create table wangge.heat_releases (
    release integer primary key check (release >= 0),
    through date not null check (extract(day from through) = 1),
    least_count integer not null check (least_count > 1),
    made_at timestamptz not null default now()
);

-- What the releases counted: later ones count on from here and not from the cases, so that a case that is changed or
-- deleted afterwards changes nothing that was told. Nobody but the next release reads it.
create table wangge.heat_frozen (
    release integer not null references wangge.heat_releases (release),
    month date not null,
    cell bigint not null check (wangge.h3_resolution(cell) = 9),
    class_code text not null,
    count integer not null check (count > 0),
    primary key (month, cell, class_code, release)
);

-- Every count that was ever told, also those that a later release told anew: whoever attacks has them all. Edition is the
-- newest release that added to the count; below 0, -1 - release, stands what one can tell a release to have added.
create table wangge.heat_told (
    release integer not null references wangge.heat_releases (release),
    by_year boolean not null,
    period date not null,
    resolution smallint not null,
    cell bigint not null,
    class_code text not null,
    edition integer not null,
    count integer not null,
    primary key (period, by_year, resolution, cell, class_code, edition)
);

-- Released counts of years; those of months stand in case_heat. They are the public's, so that nobody sees both exact and
-- released counts.
create table wangge.heat_years (
    resolution smallint not null,
    class_code text not null,
    year date not null,
    cell bigint not null,
    count integer not null,
    primary key (resolution, class_code, year, cell)
);

-- The finest resolution that holds all that was released of a period, or the wanted one where that is coarser: years are
-- told in finer cells than months, so a period with months of an open year, or with parts of one, has those of months.
drop function wangge.released_resolution(integer);
create function wangge.released_resolution(wanted integer, first date, last date) returns smallint
    language sql stable parallel safe
begin atomic
    select least(wanted, case when exists (
        select from (
            select distinct date_trunc('year', month)::date as year from wangge.case_heat
            where (audience, resolution, class_code, channel) = ('public', 6, 'all', 'all')
                and month between coalesce(first, '-infinity') and coalesce(last, 'infinity')
        ) as touched
        where touched.year < coalesce(first, '-infinity')
            or touched.year + interval '1 year' > coalesce(last, 'infinity') + interval '1 day'
            or not exists (
                select from wangge.heat_years as years
                where (years.resolution, years.class_code, years.year) = (6, 'all', touched.year)
            )
    ) then 8 else 9 end)::smallint;
end;

-- Counts that a release is made of, oldest release first: those of earlier releases in the years that are touched, and
-- with the number of the next one what it adds: the exact counts of the months closed since, and where it revises, what
-- older months have more than was counted then. Less than that is never told: it would tell who was taken away.
create function wangge.heat_to_release(closed date, revise boolean)
    returns table (release integer, month date, cell bigint, class_code text, count integer)
    language plpgsql stable security definer set search_path = wangge, pg_temp
as $$
#variable_conflict use_column
declare
    next_release integer := (select coalesce(max(release) + 1, 0) from wangge.heat_releases);
    before date := (select max(through) from wangge.heat_releases);
begin
    if wangge.asking_role() <> 'admin' then
        raise insufficient_privilege using message = 'counts are released by administrators';
    end if;
    return query
    with known as (
        select month, cell, class_code, sum(count) as count from wangge.heat_frozen group by 1, 2, 3
    ), exact as (
        select date_trunc('month', day)::date as month, wangge.h3_parent(counted.cell, 9) as cell,
            wangge.class_of(category, type_code) as class_code, sum(count) as count
        from wangge.case_counts as counted
        where day < heat_to_release.closed + interval '1 month'
            and (heat_to_release.revise or before is null or day >= before + interval '1 month')
        group by 1, 2, 3
    ), added as (
        select exact.month, exact.cell, exact.class_code, exact.count - coalesce(known.count, 0) as count
        from exact left join known using (month, cell, class_code)
        where exact.count > coalesce(known.count, 0)
    ), years as (
        select date_trunc('year', month) as year from added
        union select date_trunc('year', coalesce(before + interval '1 month', heat_to_release.closed))
        union select date_trunc('year', heat_to_release.closed)
    )
    select frozen.release, frozen.month, frozen.cell, frozen.class_code, frozen.count from wangge.heat_frozen as frozen
    where date_trunc('year', frozen.month) in (select year from years)
    union all
    select next_release, added.month, added.cell, added.class_code, added.count::integer from added
    order by 1, 2, 3, 4;
end
$$;

-- What releases told of some years (by their first days), for the next one: nobody else reads it.
create function wangge.heat_told_of(years date[])
    returns table (by_year boolean, period date, resolution smallint, cell bigint, class_code text, edition integer)
    language plpgsql stable security definer set search_path = wangge, pg_temp
as $$
#variable_conflict use_column
begin
    if wangge.asking_role() <> 'admin' then
        raise insufficient_privilege using message = 'counts are released by administrators';
    end if;
    return query
    select by_year, period, resolution, cell, class_code, edition from wangge.heat_told
    where date_trunc('year', period) = any (heat_told_of.years);
end
$$;

-- Writes a release whole: what it froze and what it tells (arrays of one length each), and then the rows that the public
-- sees, which are the newest edition told of each count.
create function wangge.keep_release(
    number integer, closed date, least_count integer,
    frozen_month date[], frozen_cell bigint[], frozen_class text[], frozen_count integer[],
    told_by_year boolean[], told_period date[], told_resolution smallint[], told_cell bigint[], told_class text[],
    told_edition integer[], told_count integer[])
    returns void
    language plpgsql security definer set search_path = wangge, pg_temp
as $$
begin
    if wangge.asking_role() <> 'admin' then
        raise insufficient_privilege using message = 'counts are released by administrators';
    end if;
    -- of two at once the second has made its release of what was there before the first, and is refused by this key
    insert into wangge.heat_releases (release, through, least_count) values (number, closed, keep_release.least_count);
    insert into wangge.heat_frozen (release, month, cell, class_code, count)
    select number, * from unnest(frozen_month, frozen_cell, frozen_class, frozen_count);
    insert into wangge.heat_told (release, by_year, period, resolution, cell, class_code, edition, count)
    select number, * from unnest(
        told_by_year, told_period, told_resolution, told_cell, told_class, told_edition, told_count);

    -- rows of number 0 are of the whole city, and editions below 0 differences: known to whoever attacks, shown by no layer
    insert into wangge.case_heat (audience, resolution, class_code, channel, month, cell, count)
    select distinct on (resolution, period, cell) 'public', resolution, class_code, 'all', period, cell, count
    from wangge.heat_told
    where release = number and not by_year and class_code = 'all' and edition >= 0 and resolution > 0
    order by resolution, period, cell, edition desc
    on conflict (audience, resolution, class_code, channel, month, cell) do update set count = excluded.count;
    insert into wangge.heat_years (resolution, class_code, year, cell, count)
    select distinct on (resolution, class_code, period, cell) resolution, class_code, period, cell, count
    from wangge.heat_told
    where release = number and by_year and edition >= 0 and resolution > 0
    order by resolution, class_code, period, cell, edition desc
    on conflict (resolution, class_code, year, cell) do update set count = excluded.count;
end
$$;

revoke all on function wangge.heat_to_release(date, boolean), wangge.heat_told_of(date[]), wangge.keep_release(
    integer, date, integer, date[], bigint[], text[], integer[], boolean[], date[], smallint[], bigint[], text[],
    integer[], integer[]) from public;
grant execute on function wangge.heat_to_release(date, boolean), wangge.heat_told_of(date[]), wangge.keep_release(
    integer, date, integer, date[], bigint[], text[], integer[], boolean[], date[], smallint[], bigint[], text[],
    integer[], integer[]) to wangge_api;
grant select on wangge.heat_releases to wangge_api;

-- A version of its own for what the public sees: one that rose with every case would tell when cases come in.
create trigger heat_releases_version after insert or update or delete or truncate on wangge.heat_releases
    for each statement execute function wangge.raise_version('case-heat-released');

-- Nothing public follows the cases any more.
delete from wangge.case_heat where audience = 'public';
create or replace function wangge.forget_counts() returns trigger
    language plpgsql security definer set search_path = wangge, pg_temp
as $$
begin
    delete from wangge.case_counts;
    delete from wangge.case_heat where audience = 'staff';
    return null;
end
$$;
