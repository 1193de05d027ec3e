-- servers, and this session's connections to them

CREATE VIEW milvus.servers AS
SELECT s.srvname AS server,
	coalesce((SELECT option_value FROM pg_catalog.pg_options_to_table(s.srvoptions) WHERE option_name = 'host'), 'localhost')
		|| ':' || coalesce((SELECT option_value FROM pg_catalog.pg_options_to_table(s.srvoptions) WHERE option_name = 'port'), '19530')
		AS address,
	coalesce((SELECT option_value FROM pg_catalog.pg_options_to_table(s.srvoptions) WHERE option_name = 'dbname'), 'default')
		AS database,
	u.unusable IS NULL AS usable, u.unusable AS reason
FROM pg_catalog.pg_foreign_server s
JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
CROSS JOIN LATERAL (SELECT CASE
	WHEN NOT pg_catalog.has_server_privilege(s.oid, 'USAGE') THEN format('%I has no USAGE on the server', current_user)
	WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_user_mappings m
		WHERE m.srvid = s.oid AND (m.umuser = 0 OR m.usename = current_user)) THEN format('%I has no user mapping', current_user)
	END AS unusable) u
WHERE w.fdwname = 'milvus_fdw';
COMMENT ON VIEW milvus.servers IS 'the Milvus servers; the other views are of those that the current user can use';

CREATE VIEW milvus.usable_servers AS SELECT server, address, database FROM milvus.servers WHERE usable;
COMMENT ON VIEW milvus.usable_servers IS 'internal: the servers that the current user can use';

CREATE FUNCTION milvus.list_connections(OUT server name, OUT user_name name, OUT address text,
		OUT server_version text, OUT dialect text, OUT state text, OUT requests bigint, OUT since timestamp with time zone)
	RETURNS SETOF record
	LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'milvus_connections';
COMMENT ON FUNCTION milvus.list_connections() IS 'internal: what milvus.connections shows';

CREATE VIEW milvus.connections AS SELECT * FROM milvus.list_connections();
COMMENT ON VIEW milvus.connections IS 'the connections of this session, and how many requests were sent on each';

CREATE FUNCTION milvus.disconnect(server name) RETURNS boolean
	LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'milvus_disconnect';
COMMENT ON FUNCTION milvus.disconnect(name) IS 'close this session''s connections to a server; was there any?';

CREATE FUNCTION milvus.disconnect_all() RETURNS boolean
	LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'milvus_disconnect_all';
COMMENT ON FUNCTION milvus.disconnect_all() IS 'close all connections of this session; was there any?';

CREATE VIEW milvus.versions AS
SELECT s.server, coalesce(nullif(i.info->>'build_tags', ''), 'Milvus Lite 2') AS version,
	milvus.dialect(s.server) AS dialect,
	nullif(i.info->>'deploy_mode', '') AS deploy_mode,
	nullif(i.info->>'build_time', '') AS build_time,
	nullif(i.info->>'git_commit', '') AS git_commit,
	nullif(i.info->>'go_version', '') AS go_version
FROM milvus.usable_servers s
CROSS JOIN LATERAL (SELECT milvus.get(s.server, 'Connect')->'server_info' AS info OFFSET 0) i;
COMMENT ON VIEW milvus.versions IS 'what each server says of itself';

CREATE FUNCTION milvus.check_health(server name, OUT healthy boolean, OUT reasons text[], OUT quota_states text[], OUT error text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE AS $$
DECLARE
	answer jsonb;
BEGIN
	-- Milvus Lite 2 can't be asked: it is well when it answers at all
	answer := milvus.get_or(server, 'CheckHealth', '{}', jsonb_build_object('isHealthy', milvus.dialect(server) IS NOT NULL));
	healthy := answer->'isHealthy';
	reasons := milvus.texts(answer->'reasons');
	quota_states := milvus.texts(answer->'quota_states');
EXCEPTION
	WHEN OTHERS THEN
		healthy := false;
		error := sqlerrm;
END $$;
COMMENT ON FUNCTION milvus.check_health(name) IS 'health of a server; connection errors are returned, not raised';

CREATE VIEW milvus.health AS
SELECT s.server, s.address, h.healthy, h.reasons, h.quota_states, h.error
FROM milvus.servers s CROSS JOIN LATERAL milvus.check_health(s.server) h;
COMMENT ON VIEW milvus.health IS 'are the servers well? With a row for each, whatever keeps it from being asked';
