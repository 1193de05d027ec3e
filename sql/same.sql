-- one script on three kinds of Milvus
\i sql/servers.psql
\i sql/try.psql
CREATE FUNCTION done(statement text) RETURNS text LANGUAGE sql SET client_min_messages = warning AS $$
	SELECT CASE result WHEN 'accepted' THEN 'done' ELSE regexp_replace(result, '127.0.0.1:\d+', 'ADDRESS') END FROM try(statement) result
$$;
SET client_min_messages = warning;
\set server s
\i sql/same.psql
\set server l3
\i sql/same.psql
\set server l2
\i sql/same.psql
-- names of what Milvus Lite 2 has not, and would overlook without a word
CREATE FOREIGN TABLE other_database (id bigint NOT NULL, embedding vector(3) NOT NULL) SERVER l2 OPTIONS (dbname 'books');
CREATE FOREIGN TABLE other_partition (id bigint NOT NULL, embedding vector(3) NOT NULL) SERVER l2 OPTIONS (partition 'en');
SELECT done('SELECT milvus.create_collection(''other_database'')');
SELECT done('SELECT * FROM other_database');
SELECT done('SELECT milvus.drop_collection(server => ''l2'', collection => ''x'', database => ''books'')');
SELECT done('IMPORT FOREIGN SCHEMA books FROM SERVER l2 INTO public');
SELECT done('SELECT * FROM other_partition');
SELECT done('INSERT INTO other_partition VALUES (1, ''[1,2,3]'')');
DROP FOREIGN TABLE other_database, other_partition;
DROP FUNCTION done, try;
