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
