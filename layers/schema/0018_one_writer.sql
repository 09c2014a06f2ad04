-- Writers of cases stand in line. Each raises the version of the layer, whose row it holds until it commits, so they never
-- wrote at once; but a transaction of two statements held its counts while it waited for that row, and another waited for
-- these counts: a deadlock. The lock is taken before the first row is touched.

create function wangge.line_up() returns trigger
    language plpgsql security definer set search_path = wangge, pg_temp
as $$
begin
    perform pg_advisory_xact_lock(321283015);
    return null;
end
$$;
create trigger cases_in_line before insert or update or delete or truncate on wangge.cases
    for each statement execute function wangge.line_up();
