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
DROP FUNCTION done, try;
