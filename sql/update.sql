-- UPDATE: whole rows by upsert, with what the foreign table does not map
\i sql/servers.psql
SET client_min_messages = warning;
\i sql/try.psql
-- fields of every type, of which the table that is updated maps two
CREATE FOREIGN TABLE all_s (id bigint NOT NULL, n integer NOT NULL, b boolean NOT NULL, i2 smallint NOT NULL, i8 bigint NOT NULL, f4 real NOT NULL, f8 double precision NOT NULL,
	s varchar(50) NOT NULL, j jsonb NOT NULL, ab boolean[] NOT NULL, a2 smallint[] NOT NULL, a4 integer[] NOT NULL, a8 bigint[] NOT NULL, af real[] NOT NULL, ad double precision[] NOT NULL,
	a varchar(20)[] NOT NULL, e vector(3) NOT NULL, "$meta" jsonb) SERVER s;
CREATE FOREIGN TABLE binary_s (id varchar(20) NOT NULL, n integer NOT NULL, bits bit(16) NOT NULL) SERVER s;
CREATE FOREIGN TABLE all_l3 (id bigint NOT NULL, n integer, b boolean, i2 smallint, i8 bigint, f4 real, f8 double precision,
	s varchar(50), j jsonb, ab boolean[], a2 smallint[], a4 integer[], a8 bigint[], af real[], ad double precision[], a varchar(20)[],
	t timestamptz, e vector(3) NOT NULL, sp sparsevec NOT NULL, "$meta" jsonb) SERVER l3;
CREATE FOREIGN TABLE all_l2 (id bigint NOT NULL, n integer NOT NULL, b boolean NOT NULL, i2 smallint NOT NULL, i8 bigint NOT NULL, f4 real NOT NULL, f8 double precision NOT NULL,
	s varchar(50) NOT NULL, j jsonb NOT NULL, ab boolean[] NOT NULL, a4 integer[] NOT NULL, a8 bigint[] NOT NULL, ad double precision[] NOT NULL,
	a varchar(20)[] NOT NULL, e vector(3) NOT NULL, h halfvec(2) NOT NULL, sp sparsevec NOT NULL, "$meta" jsonb) SERVER l2;
SELECT make_collection(t) FROM unnest('{all_s,binary_s,all_l3,all_l2}'::regclass[]) t;
INSERT INTO all_s SELECT i, i, i % 2 = 0, -i, 9007199254740993 + i, 0.1, -0.1, E'🐘 "\\ \n' || i, '{"k": [1, {"x": 12345678901234567890.5}], "n": null}', '{t,f}', '{-1}', '{}', ARRAY[i, 9007199254740993],
	'{0.1}', '{1e300}', ARRAY['é', 'b' || i], ARRAY[i, 0.5, -0.0]::real[]::vector, jsonb_build_object('color', 'c' || i, 'size', i, 'deep', '{"a": 1}'::jsonb) FROM generate_series(1, 6) i;
INSERT INTO binary_s SELECT 'k' || i, i, (i * 257)::bit(16) FROM generate_series(1, 6) i;
INSERT INTO all_l3 SELECT i, i, i % 2 = 0, -i, 9007199254740993 + i, 0.1, -0.1, E'🐘 "\\ \n' || i, '{"k": [1, {"x": 1}], "n": null}', '{t,f}', '{-1}', '{}', ARRAY[i, 9007199254740993],
	'{0.1}', '{1e300}', ARRAY['é', 'b' || i], timestamptz '2026-01-02 03:04:05.678+00', ARRAY[i, 0.5, -0.0]::real[]::vector, '{1:0.5,7:2}/1000000000', jsonb_build_object('color', 'c' || i, 'size', i, 'deep', '{"a": 1}'::jsonb) FROM generate_series(1, 4) i;
INSERT INTO all_l3 (id, e, sp) VALUES (5, '[1,2,3]', '{3:1}/1000000000'), (6, '[1,2,3]', '{3:1}/1000000000');
INSERT INTO all_l2 SELECT i, i, i % 2 = 0, -i, 9007199254740993 + i, 0.1, -0.1, E'🐘 "\\ \n' || i, '{"k": [1, {"x": 1}], "n": null}', '{t,f}', '{}', ARRAY[i, 9007199254740993],
	'{1e300}', ARRAY['é', 'b' || i], ARRAY[i, 0.5, -0.0]::real[]::vector, '[0.5,-2]', '{1:0.5,7:2}/1000000000', jsonb_build_object('color', 'c' || i, 'size', i, 'deep', '{"a": 1}'::jsonb) FROM generate_series(1, 6) i;
SELECT index_and_load('all_s', 'e', 'FLAT', 'L2'), index_and_load('binary_s', 'bits', 'BIN_FLAT', 'HAMMING'), milvus.create_index('all_l3', 'sp', 'SPARSE_INVERTED_INDEX', 'IP'), index_and_load('all_l3', 'e', 'FLAT', 'L2'),
	milvus.create_index('all_l2', 'h', 'FLAT', 'L2'), milvus.create_index('all_l2', 'sp', 'SPARSE_INVERTED_INDEX', 'IP'), index_and_load('all_l2', 'e', 'FLAT', 'L2') \gset ignored
CREATE FOREIGN TABLE few_s (id bigint NOT NULL, n integer NOT NULL, color text OPTIONS (dynamic_key 'color')) SERVER s OPTIONS (collection 'all_s');
CREATE FOREIGN TABLE few_binary (id text NOT NULL, n integer NOT NULL) SERVER s OPTIONS (collection 'binary_s');
CREATE FOREIGN TABLE few_l3 (id bigint NOT NULL, n integer, color text OPTIONS (dynamic_key 'color')) SERVER l3 OPTIONS (collection 'all_l3');
CREATE FOREIGN TABLE few_l2 (id bigint NOT NULL, n integer NOT NULL, color text OPTIONS (dynamic_key 'color')) SERVER l2 OPTIONS (collection 'all_l2');
-- before and after: rows 1 and 2 get another n, row 3 another key of $meta, row 4 loses it
CREATE TABLE before_s AS SELECT * FROM all_s;
CREATE TABLE before_binary AS SELECT * FROM binary_s;
CREATE TABLE before_l3 AS SELECT * FROM all_l3;
CREATE TABLE before_l2 AS SELECT * FROM all_l2;
EXPLAIN (COSTS OFF) UPDATE few_s SET n = n + 100 WHERE id < 3;
EXPLAIN (COSTS OFF) UPDATE few_l3 SET n = n + 100 WHERE id < 3;
UPDATE few_s SET n = n + 100 WHERE id < 3;
UPDATE few_binary SET n = n + 100 WHERE id < 'k3';
UPDATE few_l3 SET n = n + 100 WHERE id < 3 OR id = 5;
UPDATE few_l2 SET n = n + 100 WHERE id < 3;
UPDATE few_s SET color = 'new' WHERE id = 3;
UPDATE few_l3 SET color = 'new' WHERE id = 3;
UPDATE few_l2 SET color = 'new' WHERE id = 3;
UPDATE few_s SET color = NULL WHERE id = 4;
UPDATE few_l3 SET color = NULL WHERE id IN (4, 6);
UPDATE few_l2 SET color = NULL WHERE id = 4;
SELECT id, n, "$meta" FROM all_s ORDER BY id;
SELECT id, n, "$meta" FROM all_l3 ORDER BY id;
SELECT id, n, "$meta" FROM all_l2 ORDER BY id;
SELECT id, n FROM binary_s ORDER BY id;
UPDATE before_s SET n = n + 100 WHERE id < 3;
UPDATE before_s SET "$meta" = "$meta" || '{"color": "new"}' WHERE id = 3;
UPDATE before_s SET "$meta" = "$meta" - 'color' WHERE id = 4;
UPDATE before_binary SET n = n + 100 WHERE id < 'k3';
UPDATE before_l3 SET n = n + 100 WHERE id < 3 OR id = 5;
UPDATE before_l3 SET "$meta" = "$meta" || '{"color": "new"}' WHERE id = 3;
UPDATE before_l3 SET "$meta" = "$meta" - 'color' WHERE id = 4;
UPDATE before_l2 SET n = n + 100 WHERE id < 3;
UPDATE before_l2 SET "$meta" = "$meta" || '{"color": "new"}' WHERE id = 3;
UPDATE before_l2 SET "$meta" = "$meta" - 'color' WHERE id = 4;
SELECT 's', count(*) FILTER (WHERE x::text IS DISTINCT FROM y::text) AS differ, count(*) FROM all_s x FULL JOIN before_s y USING (id)
UNION ALL SELECT 'binary', count(*) FILTER (WHERE x::text IS DISTINCT FROM y::text), count(*) FROM binary_s x FULL JOIN before_binary y USING (id)
UNION ALL SELECT 'l3', count(*) FILTER (WHERE x::text IS DISTINCT FROM y::text), count(*) FROM all_l3 x FULL JOIN before_l3 y USING (id)
UNION ALL SELECT 'l2', count(*) FILTER (WHERE x::text IS DISTINCT FROM y::text), count(*) FROM all_l2 x FULL JOIN before_l2 y USING (id);
-- the whole document of the dynamic fields: what is not in it is gone
UPDATE all_s SET "$meta" = '{"only": 1}' WHERE id = 5;
UPDATE all_l3 SET "$meta" = '{"only": 1}' WHERE id = 1;
UPDATE all_l2 SET "$meta" = '{"only": 1}' WHERE id = 5;
SELECT 's', "$meta" FROM all_s WHERE id = 5 UNION ALL SELECT 'l3', "$meta" FROM all_l3 WHERE id = 1 UNION ALL SELECT 'l2', "$meta" FROM all_l2 WHERE id = 5;
-- a table with the document and one of its keys: what is set counts
CREATE FOREIGN TABLE both_s (id bigint NOT NULL, "$meta" jsonb, color text OPTIONS (dynamic_key 'color')) SERVER s OPTIONS (collection 'all_s');
UPDATE both_s SET "$meta" = '{"color": "from the document"}' WHERE id = 1;
UPDATE both_s SET color = 'from the key' WHERE id = 2;
UPDATE both_s SET "$meta" = '{"color": "lost", "x": 1}', color = 'wins' WHERE id = 3;
SELECT * FROM both_s WHERE id < 4 ORDER BY id;
-- every value of a row can be set, and is returned
UPDATE all_s SET b = NOT b, i2 = 7, i8 = i8 + 1, f4 = 1.5, f8 = f8 * 2, s = upper(s), j = '{}', ab = '{}', a4 = a4 || 5, a = '{x,y}', e = e + '[1,1,1]' WHERE id = 6 RETURNING *;
SELECT * FROM all_s WHERE id = 6;
UPDATE all_l3 SET n = NULL, b = NULL, s = NULL, a = NULL, j = NULL, t = NULL WHERE id = 2 RETURNING n, b, s, a, j, t, i2;
SELECT n, b, s, a, j, t, i2, i8, f4, f8, e, sp FROM all_l3 WHERE id = 2;
-- refused, and nothing changes: values, keys
SELECT try($$UPDATE all_s SET s = NULL WHERE id = 1$$), try($$UPDATE all_s SET s = repeat('x', 300) WHERE id = 1$$), try($$UPDATE all_s SET e = '[1,2]' WHERE id = 1$$);
SELECT try($$UPDATE all_s SET id = 77 WHERE id = 1$$);
SELECT try($$UPDATE all_s SET id = id, n = 1000 WHERE id = 1$$);
CREATE FOREIGN TABLE no_key (n integer NOT NULL) SERVER s OPTIONS (collection 'all_s');
SELECT try($$UPDATE no_key SET n = 1$$), try($$DELETE FROM no_key RETURNING n$$);
-- joins: a row that is matched twice is changed once, by the first match
CREATE TABLE local (id bigint, n integer);
INSERT INTO local VALUES (1, 11), (2, 22), (3, 33), (3, 33), (99, 99);
ANALYZE local;
WITH u AS (UPDATE few_s SET n = l.n FROM local l WHERE few_s.id = l.id RETURNING few_s.id, few_s.n) SELECT * FROM u ORDER BY id;
SELECT id, n FROM few_s ORDER BY id;
-- subqueries on the table itself see it as it was
UPDATE few_s SET n = (SELECT max(n) FROM few_s) + few_s.id::integer;
SELECT id, n FROM few_s ORDER BY id;
UPDATE few_s SET n = -n WHERE n > (SELECT avg(n) FROM few_s) AND EXISTS (SELECT 1 FROM all_s a WHERE a.id = few_s.id AND a.n = few_s.n);
SELECT id, n FROM few_s ORDER BY id;
-- one that moves the rows ahead of itself ends
UPDATE few_s SET n = n + 1000 WHERE n < 100000;
SELECT sum(n) FROM few_s;
-- prepared
PREPARE up(integer, bigint) AS UPDATE few_s SET n = $1 WHERE id = $2 RETURNING n;
EXECUTE up(1, 1); EXECUTE up(2, 1); EXECUTE up(3, 1); EXECUTE up(4, 1); EXECUTE up(5, 1); EXECUTE up(6, 1); EXECUTE up(7, 2);
SELECT id, n FROM few_s WHERE id < 3 ORDER BY id;
-- more rows than one look-up takes
CREATE FOREIGN TABLE many (id bigint NOT NULL, n integer NOT NULL, s varchar(20) NOT NULL, e vector(2) NOT NULL) SERVER s;
CREATE FOREIGN TABLE many_few (id bigint NOT NULL, n integer NOT NULL) SERVER s OPTIONS (collection 'many');
SELECT make_collection('many'), index_and_load('many', 'e', 'FLAT', 'L2') \gset ignored
INSERT INTO many SELECT i, i % 7, 's' || i, ARRAY[i, 1]::real[]::vector FROM generate_series(1, 5000) i;
UPDATE many_few SET n = n + 1;
SELECT count(*), sum(n), count(*) FILTER (WHERE s = 's' || id AND e = ARRAY[id, 1]::real[]::vector) FROM many;
-- partitions: a row stays in its own
CREATE FOREIGN TABLE parts (id bigint NOT NULL, n integer NOT NULL, s varchar(20) NOT NULL, e vector(2) NOT NULL) SERVER s;
CREATE FOREIGN TABLE parts_l3 (id bigint NOT NULL, n integer NOT NULL, s varchar(20) NOT NULL, e vector(2) NOT NULL) SERVER l3 OPTIONS (collection 'parts');
SELECT make_collection('parts'), make_collection('parts_l3') \gset ignored
SELECT milvus.call(server, 'CreatePartition', jsonb_build_object('collection_name', 'parts', 'partition_name', p))->>'code' FROM unnest('{s,l3}'::text[]) server, unnest('{p1,p2}'::text[]) p;
CREATE FOREIGN TABLE p1 (id bigint NOT NULL, n integer NOT NULL, s varchar(20) NOT NULL, e vector(2) NOT NULL) SERVER s OPTIONS (collection 'parts', partition 'p1');
CREATE FOREIGN TABLE p2 (id bigint NOT NULL, n integer NOT NULL, s varchar(20) NOT NULL, e vector(2) NOT NULL) SERVER s OPTIONS (collection 'parts', partition 'p2');
CREATE FOREIGN TABLE p1_l3 (id bigint NOT NULL, n integer NOT NULL, s varchar(20) NOT NULL, e vector(2) NOT NULL) SERVER l3 OPTIONS (collection 'parts', partition 'p1');
CREATE FOREIGN TABLE p2_l3 (id bigint NOT NULL, n integer NOT NULL, s varchar(20) NOT NULL, e vector(2) NOT NULL) SERVER l3 OPTIONS (collection 'parts', partition 'p2');
INSERT INTO p1 SELECT i, i, 'one', ARRAY[i, 1]::real[]::vector FROM generate_series(1, 10) i;
INSERT INTO p2 SELECT i, i, 'two', ARRAY[i, 1]::real[]::vector FROM generate_series(11, 20) i;
INSERT INTO p1_l3 SELECT i, i, 'one', ARRAY[i, 1]::real[]::vector FROM generate_series(1, 10) i;
INSERT INTO p2_l3 SELECT i, i, 'two', ARRAY[i, 1]::real[]::vector FROM generate_series(11, 20) i;
SELECT index_and_load('parts', 'e', 'FLAT', 'L2'), index_and_load('parts_l3', 'e', 'FLAT', 'L2') \gset ignored
EXPLAIN (COSTS OFF) UPDATE parts SET n = -n;
EXPLAIN (COSTS OFF) UPDATE p1_l3 SET n = -n;
UPDATE parts SET n = -n WHERE id BETWEEN 5 AND 15;
UPDATE parts_l3 SET n = -n WHERE id BETWEEN 5 AND 15;
UPDATE p1 SET n = 1000 WHERE id = 10;
UPDATE p1_l3 SET n = 1000 WHERE id = 10;
SELECT 's p1', count(*), sum(n) FROM p1 UNION ALL SELECT 's p2', count(*), sum(n) FROM p2 UNION ALL SELECT 's', count(*), sum(n) FROM parts
UNION ALL SELECT 'l3 p1', count(*), sum(n) FROM p1_l3 UNION ALL SELECT 'l3 p2', count(*), sum(n) FROM p2_l3 UNION ALL SELECT 'l3', count(*), sum(n) FROM parts_l3;
-- a PostgreSQL partitioned table: an update that would move a row out of a foreign partition is an error
CREATE TABLE parent (id bigint NOT NULL, n integer NOT NULL, s varchar(20) NOT NULL, e vector(2) NOT NULL) PARTITION BY LIST (s);
ALTER TABLE parent ATTACH PARTITION p1 FOR VALUES IN ('one');
ALTER TABLE parent ATTACH PARTITION p2 FOR VALUES IN ('two');
UPDATE parent SET n = id WHERE id BETWEEN 9 AND 12;
SELECT tableoid::regclass, id, n FROM parent WHERE id BETWEEN 9 AND 12 ORDER BY id;
SELECT try($$UPDATE parent SET s = 'two' WHERE id = 1$$);
-- a partition key that changes
CREATE FOREIGN TABLE keyed_s (id bigint NOT NULL, k bigint OPTIONS (partition_key 'true') NOT NULL, e vector(2) NOT NULL) SERVER s;
CREATE FOREIGN TABLE keyed_l3 (id bigint NOT NULL, k bigint OPTIONS (partition_key 'true') NOT NULL, e vector(2) NOT NULL) SERVER l3;
SELECT make_collection('keyed_s'), make_collection('keyed_l3') \gset ignored
INSERT INTO keyed_s SELECT i, i, ARRAY[i, i]::real[]::vector FROM generate_series(1, 100) i;
INSERT INTO keyed_l3 SELECT i, i, ARRAY[i, i]::real[]::vector FROM generate_series(1, 100) i;
SELECT index_and_load('keyed_s', 'e', 'FLAT', 'L2'), index_and_load('keyed_l3', 'e', 'FLAT', 'L2') \gset ignored
UPDATE keyed_s SET k = k + 1000;
UPDATE keyed_l3 SET k = k + 1000;
SELECT count(*), count(*) FILTER (WHERE k > 1000), sum(k) FROM keyed_s UNION ALL SELECT count(*), count(*) FILTER (WHERE k > 1000), sum(k) FROM keyed_l3;
-- keys made by Milvus: where an upsert would give a row another key, it is refused
CREATE FOREIGN TABLE auto_s (id bigint OPTIONS (primary_key 'true', auto_id 'true') NOT NULL, n integer NOT NULL, e vector(2) NOT NULL) SERVER s;
CREATE FOREIGN TABLE auto_l3 (id bigint OPTIONS (primary_key 'true', auto_id 'true') NOT NULL, n integer NOT NULL, e vector(2) NOT NULL) SERVER l3;
CREATE FOREIGN TABLE auto_l2 (id bigint OPTIONS (primary_key 'true', auto_id 'true') NOT NULL, n integer NOT NULL, e vector(2) NOT NULL) SERVER l2;
SELECT make_collection(t) FROM unnest('{auto_s,auto_l3,auto_l2}'::regclass[]) t;
SELECT index_and_load(t, 'e', 'FLAT', 'L2') FROM unnest('{auto_s,auto_l3,auto_l2}'::regclass[]) t;
INSERT INTO auto_s (n, e) VALUES (1, '[1,1]'), (2, '[2,2]');
INSERT INTO auto_l3 (n, e) VALUES (1, '[1,1]'), (2, '[2,2]');
INSERT INTO auto_l2 (n, e) VALUES (1, '[1,1]'), (2, '[2,2]');
SELECT try('UPDATE auto_s SET n = 5');
CREATE TABLE auto_keys AS SELECT 'l3' AS server, id, n FROM auto_l3 UNION ALL SELECT 'l2', id, n FROM auto_l2;
UPDATE auto_l3 SET n = n + 5;
UPDATE auto_l2 SET n = n + 5;
SELECT server, count(*), count(*) FILTER (WHERE now.n = k.n + 5) FROM auto_keys k JOIN (SELECT 'l3' AS server, * FROM auto_l3 UNION ALL SELECT 'l2', * FROM auto_l2) now USING (server, id) GROUP BY 1 ORDER BY 1;
-- generated columns, triggers, views
CREATE FOREIGN TABLE generated (id bigint NOT NULL, n integer NOT NULL, twice bigint GENERATED ALWAYS AS (n * 2) STORED NOT NULL, e vector(2) NOT NULL) SERVER l3;
SELECT make_collection('generated'), index_and_load('generated', 'e', 'FLAT', 'L2') \gset ignored
INSERT INTO generated (id, n, e) VALUES (1, 1, '[1,1]'), (2, 2, '[2,2]');
UPDATE generated SET n = 10 WHERE id = 1;
SELECT * FROM generated ORDER BY id;
CREATE TABLE audit (op text, old_n integer, new_n integer, seen bigint);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO audit VALUES (TG_OP, CASE WHEN TG_OP <> 'INSERT' THEN OLD.n END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.n END, (SELECT sum(n) FROM generated)); RETURN NULL; END $$;
CREATE FUNCTION double() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.n := NEW.n * 2; RETURN NEW; END $$;
CREATE TRIGGER after AFTER INSERT OR UPDATE OR DELETE ON generated FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER before BEFORE UPDATE ON generated FOR EACH ROW EXECUTE FUNCTION double();
UPDATE generated SET e = '[7,7]' WHERE id = 1 RETURNING *;
INSERT INTO generated (id, n, e) VALUES (3, 3, '[3,3]');
DELETE FROM generated WHERE id = 2;
SELECT * FROM audit;
SELECT * FROM generated ORDER BY id;
DROP TRIGGER before ON generated; DROP TRIGGER after ON generated;
CREATE VIEW small AS SELECT id, n, e FROM generated WHERE n < 100 WITH CHECK OPTION;
CREATE VIEW barrier WITH (security_barrier) AS SELECT id, n, e FROM generated WHERE n < 30;
UPDATE small SET n = 25 WHERE id = 3;
SELECT try('UPDATE small SET n = id * 60'), try($$INSERT INTO small VALUES (8, 8, '[1,1]'), (9, 900, '[1,1]')$$);
UPDATE barrier SET n = 21 WHERE n > 0;
DELETE FROM barrier WHERE n = 21;
SELECT id, n, twice FROM generated ORDER BY id;
-- what may be written, and who says so
SELECT pg_relation_is_updatable('generated', false), pg_relation_is_updatable('small', false);
ALTER FOREIGN TABLE generated OPTIONS (ADD updatable 'false');
SELECT pg_relation_is_updatable('generated', false), pg_relation_is_updatable('small', false);
SELECT try('UPDATE generated SET n = 1'), try('DELETE FROM generated'), try('TRUNCATE generated');
SELECT count(milvus.drop_collection(t) IS NULL) FROM unnest('{all_s,binary_s,all_l3,all_l2,many,parts_l3,keyed_s,keyed_l3,auto_s,auto_l3,auto_l2,generated}'::regclass[]) t;
SELECT milvus.drop_collection(server => 's', collection => 'parts') \gset ignored
DROP TABLE parent, local, audit, auto_keys, before_s, before_binary, before_l3, before_l2;
DROP FUNCTION note, double, try CASCADE;
DROP SERVER s, l3, l2 CASCADE;
