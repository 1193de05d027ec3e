-- a server that does not answer: every way to it ends with the same error, and what needs none works
\i sql/try.psql
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS milvus_fdw;
CREATE SERVER gone FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host '127.0.0.1', port '1', connect_timeout '2');
CREATE USER MAPPING FOR CURRENT_USER SERVER gone;
CREATE FOREIGN TABLE docs (id bigint NOT NULL, lang text NOT NULL, tags text[], e real[] OPTIONS (dim '4') NOT NULL) SERVER gone;
CREATE TABLE here (id bigint, lang text, tags text[], e real[]);
INSERT INTO here VALUES (1, 'en', '{a}', '{1,2,3,4}');
-- 08001: sqlclient_unable_to_establish_sqlconnection; the detail is the network library's
SELECT statement, regexp_replace(try(statement), ' / Connect: .* / Is ', ' / DETAIL / Is ') AS result FROM unnest(ARRAY[
	$$SELECT * FROM docs$$, $$SELECT count(*) FROM docs WHERE lang = 'en'$$, $$EXPLAIN SELECT * FROM docs$$,
	$$SELECT id FROM docs ORDER BY e OPERATOR(milvus.<->) '{1,2,3,4}'::real[] LIMIT 3$$, $$SELECT * FROM here JOIN docs USING (id)$$,
	$$INSERT INTO docs SELECT * FROM here$$, $$UPDATE docs SET lang = 'de'$$, $$DELETE FROM docs WHERE id = 1$$, $$TRUNCATE docs$$, $$ANALYZE docs$$,
	$$IMPORT FOREIGN SCHEMA "default" FROM SERVER gone INTO public$$,
	$$SELECT * FROM milvus.databases WHERE server = 'gone'$$, $$SELECT * FROM milvus.collections WHERE server = 'gone'$$, $$SELECT milvus.create_collection('docs')$$, $$SELECT milvus.load('docs')$$,
	$$SELECT milvus.table_schema('docs')$$, $$SELECT milvus.get('gone', 'GetVersion')$$,
	$$SELECT milvus.call('gone', 'DropCollection', '{"collection_name": "docs"}')$$]) statement;
\set VERBOSITY sqlstate
COPY docs FROM STDIN;
1	en	{a}	{1,2,3,4}
\.
\set VERBOSITY default
-- the views about servers show it
SELECT server, address, usable, reason FROM milvus.servers WHERE server = 'gone';
SELECT server, healthy, error FROM milvus.health WHERE server = 'gone';
SELECT count(*) FROM milvus.connections WHERE server = 'gone';
SELECT milvus.disconnect('gone');
-- wrong before anything is sent
SELECT try(statement) FROM unnest(ARRAY[$$SELECT milvus.call('gone', 'NoSuchRpc')$$, $$SELECT milvus.call('gone', 'listdatabases')$$,
	$$SELECT milvus.get('gone', 'DropCollection', '{}')$$, $$SELECT milvus.get('nosuch', 'GetVersion')$$, $$SELECT milvus.load('here')$$, $$SELECT milvus.load()$$]) statement;
BEGIN READ ONLY;
SELECT milvus.drop_collection('docs');
ROLLBACK;
-- without a row there is nothing to ask
SELECT try('EXPLAIN SELECT * FROM docs WHERE false');
SELECT * FROM docs WHERE false;
-- a table is changed and dropped without it
ALTER FOREIGN TABLE docs ADD COLUMN n integer OPTIONS (field 'number');
SELECT attname, format_type(atttypid, atttypmod), attfdwoptions FROM pg_attribute WHERE attrelid = 'docs'::regclass AND attnum > 0 ORDER BY attnum;
DROP FOREIGN TABLE docs;
DROP TABLE here;
DROP SERVER gone CASCADE;
DROP FUNCTION try;
