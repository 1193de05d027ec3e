\echo Use "CREATE EXTENSION milvus_fdw" to load this file. \quit

CREATE FUNCTION milvus_fdw_handler() RETURNS fdw_handler
	LANGUAGE c STRICT AS 'MODULE_PATHNAME';

CREATE FUNCTION milvus_fdw_validator(text[], oid) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME';

CREATE FOREIGN DATA WRAPPER milvus_fdw
	HANDLER milvus_fdw_handler
	VALIDATOR milvus_fdw_validator;

CREATE SCHEMA milvus;
GRANT USAGE ON SCHEMA milvus TO PUBLIC;
COMMENT ON SCHEMA milvus IS 'views and functions of milvus_fdw: what Milvus servers tell, and what they can do';
-- nobody needs rights on it: what it holds is executed by way of the functions of milvus
CREATE SCHEMA milvus_internal;
COMMENT ON SCHEMA milvus_internal IS 'what the functions of the schema milvus do';

-- from here on names mean what they mean in pg_catalog, whoever has made others like them
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
