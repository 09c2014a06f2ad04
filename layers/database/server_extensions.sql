-- What a superuser has to do in each database. Running it again changes nothing.
create extension if not exists postgis;
create extension if not exists btree_gist;

-- Row-level security may apply a condition before its own only when the condition's function is leakproof: it must not tell
-- by an error or a notice what the hidden rows hold. Without the mark a bounding box can't use the GiST index on a table with
-- policies, and every map request reads the whole table. These three compare boxes of floats and can't fail on any value.
do $$
declare
    box_function regprocedure;
begin
    for box_function in
        select p.oid::regprocedure
        from pg_proc p
        join pg_depend d on d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
        join pg_extension e on d.refclassid = 'pg_extension'::regclass and d.refobjid = e.oid
        where e.extname = 'postgis'
          and p.proname in ('geometry_overlaps', 'geometry_contains', 'geometry_within')
          and oidvectortypes(p.proargtypes) = 'geometry, geometry'
          and not p.proleakproof
    loop
        execute format('alter function %s leakproof', box_function);
    end loop;
end
$$;

-- Whoever publishes, checks or runs a job waits for advisory locks, and PostgreSQL lets any login hold any of them for as
-- long as it likes. In this database only the owner and the service take some.
do $$
declare
    lock_function regprocedure;
begin
    for lock_function in
        select oid::regprocedure from pg_proc
        where pronamespace = 'pg_catalog'::regnamespace and proname ~ '^pg_(try_)?advisory_'
    loop
        execute format('revoke all on function %s from public', lock_function);
        execute format('grant execute on function %s to wangge_owner, wangge_api', lock_function);
    end loop;
end
$$;
