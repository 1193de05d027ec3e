-- foreign tables of postgres_fdw over ours: what they send whole is done, what they would do by ctid is refused, and never more is deleted
SELECT NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'postgres_fdw') AS missing \gset
\if :missing
\quit
\endif
\i sql/servers.psql
\i sql/try.psql
SET client_min_messages = warning;
CREATE FOREIGN TABLE relay_far (id bigint NOT NULL, n integer NOT NULL, s varchar(20) NOT NULL, e vector(2) NOT NULL) SERVER s OPTIONS (consistency_level 'strong');
SELECT make_collection('relay_far'), index_and_load('relay_far', 'e', 'FLAT', 'L2');
INSERT INTO relay_far SELECT i, i % 5, 's' || i, '[1,1]' FROM generate_series(1, 20) i;
CREATE EXTENSION postgres_fdw;
SELECT current_setting('unix_socket_directories') AS dir, current_setting('port') AS port, current_database() AS db \gset
CREATE SERVER relay FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host :'dir', port :'port', dbname :'db');
CREATE USER MAPPING FOR CURRENT_USER SERVER relay OPTIONS (user :'USER');
CREATE FOREIGN TABLE relayed (id bigint NOT NULL, n integer NOT NULL, s varchar(20) NOT NULL) SERVER relay OPTIONS (table_name 'relay_far');
SELECT count(*), sum(id) FROM relayed WHERE n = 1 AND s LIKE '%1';
-- conditions that it sends whole, whether Milvus checks them or PostgreSQL there
DELETE FROM relayed WHERE n = 1;
DELETE FROM relayed WHERE id IN (2, 3, 99) AND length(s) = 2;
DELETE FROM relayed WHERE id = 4 RETURNING s;
SELECT array_agg(id ORDER BY id) FROM relay_far;
-- conditions that it checks itself: it asks for ctid
SELECT try('DELETE FROM relayed WHERE n = 2 AND random() < 2'), try('DELETE FROM relayed USING (VALUES (7), (8)) v(id) WHERE relayed.id = v.id AND random() < 2'),
	try('UPDATE relayed SET n = 9 WHERE n = 2 AND random() < 2'), try('SELECT ctid FROM relayed');
BEGIN;
SELECT id FROM relayed WHERE n = 2 ORDER BY id FOR UPDATE;
COMMIT;
SELECT array_agg(id ORDER BY id), count(*) FILTER (WHERE n = 9) AS changed FROM relay_far;
UPDATE relayed SET n = 10 WHERE id = 5;
INSERT INTO relay_far VALUES (21, 21, 'x', '[1,1]');
SELECT id, n FROM relayed WHERE n > 9 ORDER BY id;
SELECT milvus.drop_collection('relay_far');
DROP SERVER relay CASCADE;
DROP EXTENSION postgres_fdw;
DROP FUNCTION try;
DROP SERVER s, l3, l2 CASCADE;
