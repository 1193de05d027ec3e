-- what the extension has brought, and who may do what with it; needs no server
\i sql/try.psql
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS milvus_fdw;
SELECT fdwname, fdwhandler::regproc, fdwvalidator::regproc FROM pg_foreign_data_wrapper WHERE fdwname = 'milvus_fdw';
SELECT count(*) > 80 AS enough, count(DISTINCT probin) AS libraries FROM pg_proc WHERE pronamespace = 'milvus'::regnamespace AND probin IS NOT NULL;
-- every RPC
SELECT count(*) = 149 AS all_rpcs, count(*) FILTER (WHERE only_reads) > 60 AS reading, count(*) FILTER (WHERE streams) AS streams FROM milvus.rpcs;
SELECT * FROM milvus.rpcs WHERE rpc IN ('Search', 'DescribeCollection', 'DropCollection', 'CreateSnapshot') ORDER BY 1;
-- which nothing uses: reached by milvus.call() alone
SELECT string_agg(rpc, ' ' ORDER BY rpc) FROM milvus.rpcs WHERE used_by = '{}';
SELECT name FROM milvus.help('snapshot');
SELECT * FROM milvus.help('alias');
-- everything has a comment
SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'milvus'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL;
SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'milvus'::regnamespace AND c.relkind = 'v' AND obj_description(c.oid, 'pg_class') IS NULL;
-- what PUBLIC may execute changes nothing by itself; nothing has two names; names in bodies mean what they meant when the extension was made
SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'milvus'::regnamespace AND has_function_privilege('public', p.oid, 'EXECUTE')
	AND (p.provolatile = 'v' OR p.prosrc ~ 'perform') ORDER BY 1;
SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'milvus'::regnamespace AND NOT has_function_privilege('public', p.oid, 'EXECUTE')
	AND p.prosrc <> 'milvus_forward' ORDER BY 1;
SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'milvus'::regnamespace GROUP BY 1 HAVING count(*) > 1;
SELECT count(*) > 60 AS changing, bool_and(has_function_privilege('public', p.oid, 'EXECUTE') IS FALSE) AS granted_singly
	FROM pg_proc p WHERE p.pronamespace = 'milvus'::regnamespace AND p.prosrc = 'milvus_forward';
SELECT has_schema_privilege('public', 'milvus_internal', 'USAGE');
SELECT p.proname FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.pronamespace IN ('milvus'::regnamespace, 'milvus_internal'::regnamespace)
	AND l.lanname IN ('sql', 'plpgsql') AND p.prosqlbody IS NULL AND p.proconfig IS NULL;
-- nothing is there that is not the extension's
SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace IN ('milvus'::regnamespace, 'milvus_internal'::regnamespace)
	AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e');
-- the settings
SELECT name, setting, vartype, context FROM pg_settings WHERE name LIKE 'milvus_fdw.%' ORDER BY 1;
-- somebody without rights is told so before a server is asked
CREATE SERVER gone FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host '127.0.0.1', port '1', connect_timeout '2');
CREATE USER MAPPING FOR PUBLIC SERVER gone;
CREATE FOREIGN TABLE away (id bigint NOT NULL, e real[] OPTIONS (dim '4') NOT NULL) SERVER gone;
CREATE ROLE milvus_nobody;
SET ROLE milvus_nobody;
SELECT try($$CREATE SERVER mine FOREIGN DATA WRAPPER milvus_fdw$$);
SELECT try($$SELECT * FROM away$$);
SELECT try($$SELECT milvus.get('gone', 'GetVersion')$$);
SELECT try($$SELECT milvus.call('gone', 'GetVersion')$$);
SELECT try($$SELECT milvus.perform('gone', 'DropCollection', '{"collection_name": "docs"}')$$);
SELECT try($$SELECT milvus.drop_collection('away')$$);
SELECT try($$SELECT milvus_internal.drop_collection('away')$$);
SELECT count(*) FROM milvus.collections;
RESET ROLE;
-- one function is granted: now the server is asked
GRANT USAGE ON FOREIGN SERVER gone TO milvus_nobody;
GRANT EXECUTE ON FUNCTION milvus.drop_collection TO milvus_nobody;
SET ROLE milvus_nobody;
SELECT left(try($$SELECT milvus.drop_collection(server => 'gone', collection => 'docs')$$), 5);
SELECT try($$SELECT milvus.create_database('gone', 'x')$$);
RESET ROLE;
DROP OWNED BY milvus_nobody;
DROP ROLE milvus_nobody;
-- the extension goes away whole
DROP FUNCTION try;
DROP EXTENSION milvus_fdw CASCADE;
SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'milvus%';
