-- Density maps that were made, as Cloud-Optimised GeoTIFF: made once for each kind of sight, parameters and version of
-- the data, found by every worker, and gone after a crash rather than slowing down each write (unlogged).
-- The key is a hash of all that the map was made from, so what is found is never stale.

create unlogged table wangge.density_maps (
    key text primary key,
    audience text not null check (audience in ('public', 'staff')),
    tif bytea not null,
    made_at timestamptz not null default clock_timestamp()
);
-- the bytes are packed already
alter table wangge.density_maps alter column tif set storage external;
create index density_maps_made on wangge.density_maps (audience, made_at);

-- Keeps a map, and no more than the newest hundred of each audience. What staff see can be kept only by who sees it.
create function wangge.keep_density(key text, audience text, tif bytea) returns void
    language plpgsql security definer set search_path = wangge, pg_temp
as $$
begin
    if audience = 'staff' and not (wangge.asks_as_staff() and wangge.asking_township() is null) then
        raise insufficient_privilege using message = 'a map of exact places is kept by staff of the whole city';
    end if;
    insert into wangge.density_maps (key, audience, tif) values (key, audience, tif) on conflict do nothing;
    delete from wangge.density_maps as old
    where old.key in (
        select kept.key from wangge.density_maps as kept
        where kept.audience = keep_density.audience order by kept.made_at desc offset 100
    );
end
$$;
revoke all on function wangge.keep_density(text, text, bytea) from public;
grant execute on function wangge.keep_density(text, text, bytea) to wangge_api;
