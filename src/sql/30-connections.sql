-- this session's connections

CREATE FUNCTION milvus.list_connections(OUT server name, OUT user_name name, OUT address text,
		OUT server_version text, OUT dialect text, OUT state text, OUT since timestamp with time zone)
	RETURNS SETOF record
	LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'milvus_connections';

CREATE VIEW milvus.connections AS SELECT * FROM milvus.list_connections();
COMMENT ON VIEW milvus.connections IS 'the connections of this session';
GRANT SELECT ON milvus.connections TO PUBLIC;

CREATE FUNCTION milvus.disconnect(server name) RETURNS boolean
	LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'milvus_disconnect';
COMMENT ON FUNCTION milvus.disconnect(name) IS 'close this session''s connections to a server; was there any?';

CREATE FUNCTION milvus.disconnect_all() RETURNS boolean
	LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'milvus_disconnect_all';
COMMENT ON FUNCTION milvus.disconnect_all() IS 'close all connections of this session; was there any?';
