-- INSERT and COPY: what is refused, before anything is sent, and what arrives
\i sql/servers.psql
SET client_min_messages = warning;
CREATE FOREIGN TABLE docs (id bigint NOT NULL, n2 smallint NOT NULL, s varchar(5) NOT NULL, a integer[] NOT NULL, e vector(3) NOT NULL) SERVER s;
SELECT make_collection('docs');
SELECT index_and_load('docs', 'e', 'FLAT', 'L2');
-- each of these is refused, and leaves no row
CREATE FUNCTION try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE state text; message text;
BEGIN EXECUTE statement; RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
	RETURN state || ' ' || message;
END $$;
SELECT try(format('INSERT INTO docs VALUES (%s)', v)) FROM unnest(ARRAY[
	$$1, 1, 'ok', '{1}', '[1,2]'$$, $$1, 1, 'ok', '{1}', NULL$$, $$1, 1, NULL, '{1}', '[1,2,3]'$$, $$NULL, 1, 'ok', '{1}', '[1,2,3]'$$,
	$$1, 1, 'ok', '{1,NULL}', '[1,2,3]'$$, $$1, 1, 'ok', '{{1},{2}}', '[1,2,3]'$$, $$1, 1, 'ok', array_fill(1, '{4097}'), '[1,2,3]'$$,
	$$1, 1, 'ok', '{3000000000}', '[1,2,3]'$$, $$1, 1, 'toolong', '{1}', '[1,2,3]'$$]) v;
-- lengths are bytes in Milvus: the field has room for 5 characters of any kind
INSERT INTO docs VALUES (1, 1, '🐘🐘🐘🐘🐘', '{1}', '[1,2,3]');
CREATE FOREIGN TABLE docs_text (id bigint NOT NULL, n2 bigint NOT NULL, s text NOT NULL, a integer[] NOT NULL, e real[] NOT NULL) SERVER s OPTIONS (collection 'docs');
SELECT try(format('INSERT INTO docs_text VALUES (%s)', v)) FROM unnest(ARRAY[
	$$2, 1, repeat('🐘', 6), '{1}', '{1,2,3}'$$, $$2, 40000, 'ok', '{1}', '{1,2,3}'$$, $$2, 1, 'ok', '{1}', '{1,2}'$$,
	$$2, 1, 'ok', '{1}', '{1,2,NaN}'$$, $$2, 1, 'ok', '{1}', '{1,2,inf}'$$, $$2, 1, 'ok', '{1}', '{{1,2,3}}'$$, $$2, 1, 'ok', '{1}', '{1,2,NULL}'$$]) v;
-- a row in the middle is refused: none of its batch is written
SELECT try($$INSERT INTO docs SELECT i, 1, 'ok', '{1}', CASE WHEN i = 500 THEN '[1,2]' ELSE '[1,2,3]' END::vector FROM generate_series(10, 1000) i$$);
SELECT id, s FROM docs;
CREATE FOREIGN TABLE docs_part (id bigint NOT NULL) SERVER s OPTIONS (collection 'docs');
SELECT try('INSERT INTO docs_part VALUES (5)');

-- batches, whatever their size
ALTER FOREIGN TABLE docs OPTIONS (ADD batch_size '7');
INSERT INTO docs SELECT i, i % 100, 's' || i % 10, ARRAY[i], ARRAY[i, 0, 0]::real[]::vector FROM generate_series(2, 100) i;
ALTER FOREIGN TABLE docs OPTIONS (DROP batch_size);
SELECT count(*), count(DISTINCT id), sum(n2), min(id), max(id) FROM docs;
-- RETURNING, a CTE, COPY
INSERT INTO docs VALUES (101, 1, 'r', '{}', '[1,1,1]') RETURNING id, s, e;
WITH new AS (INSERT INTO docs VALUES (102, 1, 'w', '{}', '[1,1,1]'), (103, 1, 'w', '{}', '[1,1,1]') RETURNING id) SELECT sum(id) FROM new;
COPY docs FROM stdin;
104	1	copy	{1,2}	[1,2,3]
105	2	copy	{}	[4,5,6]
\.
SELECT id, s, a, e FROM docs WHERE id > 100 ORDER BY id;
-- a statement does not see its own rows
INSERT INTO docs SELECT id + 1000, n2, s, a, e FROM docs;
SELECT count(*) FROM docs;
INSERT INTO docs SELECT 5000 + count(*), 0, 'n', '{}', '[0,0,0]' FROM docs_text;
SELECT id FROM docs WHERE id >= 5000;
-- insert_mode 'upsert': a row replaces the one with its key
ALTER FOREIGN TABLE docs OPTIONS (ADD insert_mode 'upsert');
INSERT INTO docs VALUES (1, 9, 'new', '{9}', '[9,9,9]');
SELECT id, n2, s, a, e FROM docs WHERE id = 1;
-- keys made by Milvus
CREATE FOREIGN TABLE auto_s (id bigint OPTIONS (primary_key 'true', auto_id 'true') NOT NULL, n integer NOT NULL, e vector(2) NOT NULL) SERVER s;
CREATE FOREIGN TABLE auto_l3 (id bigint OPTIONS (primary_key 'true', auto_id 'true') NOT NULL, n integer NOT NULL, e vector(2) NOT NULL) SERVER l3;
CREATE FOREIGN TABLE auto_l2 (id bigint OPTIONS (primary_key 'true', auto_id 'true') NOT NULL, n integer NOT NULL, e vector(2) NOT NULL) SERVER l2;
SELECT make_collection(t) FROM unnest('{auto_s,auto_l3,auto_l2}'::regclass[]) t;
SELECT index_and_load(t, 'e', 'FLAT', 'L2') FROM unnest('{auto_s,auto_l3,auto_l2}'::regclass[]) t;
SELECT try('INSERT INTO auto_s (id, n, e) VALUES (1, 1, ''[1,1]'')');
INSERT INTO auto_s (n, e) SELECT i, ARRAY[i, i]::real[]::vector FROM generate_series(1, 50) i;
CREATE TABLE keys (server text, id bigint, n integer);
WITH x AS (INSERT INTO auto_s (n, e) VALUES (51, '[1,1]'), (52, '[2,2]') RETURNING id, n) INSERT INTO keys SELECT 's', * FROM x;
WITH x AS (INSERT INTO auto_l3 (n, e) VALUES (51, '[1,1]'), (52, '[2,2]') RETURNING id, n) INSERT INTO keys SELECT 'l3', * FROM x;
WITH x AS (INSERT INTO auto_l2 (n, e) VALUES (51, '[1,1]'), (52, '[2,2]') RETURNING id, n) INSERT INTO keys SELECT 'l2', * FROM x;
SELECT server, k.n, a.n FROM keys k JOIN (SELECT 's' AS server, id, n FROM auto_s UNION ALL SELECT 'l3', id, n FROM auto_l3
	UNION ALL SELECT 'l2', id, n FROM auto_l2) a USING (server, id) ORDER BY 1, 2;
SELECT count(*), count(DISTINCT id), count(*) FILTER (WHERE id IS NULL) FROM auto_s;
-- partitions by option
SELECT milvus.call('s', 'CreatePartition', '{"collection_name": "docs", "partition_name": "p1"}')->>'code';
SELECT milvus.release('docs');
CREATE FOREIGN TABLE docs_p1 (id bigint NOT NULL, n2 smallint NOT NULL, s varchar(5) NOT NULL, a integer[] NOT NULL, e vector(3) NOT NULL)
	SERVER s OPTIONS (collection 'docs', partition 'p1');
INSERT INTO docs_p1 VALUES (9001, 1, 'p1', '{}', '[7,7,7]');
SELECT milvus.load('docs_p1');
SELECT id, s FROM docs_p1;
-- a part of the rows is not passed off as all of them
SELECT count(*) FROM docs;
SELECT milvus.load('docs');
SELECT id FROM docs_p1 ORDER BY e <-> '[0,0,0]' LIMIT 3;
SELECT count(*) FROM docs WHERE id = 9001;
-- dynamic fields: all of them as a document, and single ones as columns
CREATE FOREIGN TABLE dynamic (id bigint NOT NULL, e vector(2) NOT NULL, "$meta" jsonb, color text OPTIONS (dynamic_key 'color'),
	size integer OPTIONS (dynamic_key 'size')) SERVER s;
SELECT make_collection('dynamic');
INSERT INTO dynamic VALUES (1, '[1,1]', '{"shape": "round", "tags": [1, 2]}', 'red', 5), (2, '[2,2]', NULL, NULL, NULL), (3, '[3,3]', '{"size": 1}', 'blue "x"', NULL);
SELECT index_and_load('dynamic', 'e', 'FLAT', 'L2');
SELECT * FROM dynamic ORDER BY id;
SELECT id, color FROM dynamic WHERE size > 2;
SELECT try($$INSERT INTO dynamic VALUES (4, '[1,1]', '[1]')$$);
-- their types are held as those of fields: blanks count; a domain is as the type it is over, and is checked
CREATE DOMAIN wording AS varchar(3) CHECK (value <> 'bad');
CREATE DOMAIN amount AS integer CHECK (value < 100);
CREATE DOMAIN truth AS boolean NOT NULL;
CREATE DOMAIN anything AS jsonb;
CREATE FOREIGN TABLE dynamic_domains (id bigint NOT NULL, e vector(2) NOT NULL, k varchar(2) OPTIONS (dynamic_key 'k'), w wording OPTIONS (dynamic_key 'w'),
	n amount OPTIONS (dynamic_key 'n'), t truth OPTIONS (dynamic_key 't'), a anything OPTIONS (dynamic_key 'a')) SERVER s OPTIONS (collection 'dynamic');
INSERT INTO dynamic_domains VALUES (11, '[1,1]', 'ab', 'abc', 5, true, '{"b": [true]}') RETURNING *;
INSERT INTO dynamic VALUES (12, '[1,1]', '{"k": "ab  ", "w": "abc ", "n": "5", "a": null}'), (13, '[1,1]', '{"n": 5.0, "w": "bad"}'), (14, '[1,1]', '{"n": 100}');
SELECT id, k, w, n, t, a FROM dynamic_domains WHERE id = 11;
SELECT id FROM dynamic_domains WHERE k = 'ab' AND w = 'abc' AND n = 5 AND t;
SELECT n FROM dynamic_domains WHERE id = 13;
SELECT jsonb_typeof(a) FROM dynamic_domains WHERE id = 12;
CREATE FOREIGN TABLE dynamic_numbers (id bigint NOT NULL, e vector(2) NOT NULL, d float8 OPTIONS (dynamic_key 'd'), m numeric OPTIONS (dynamic_key 'm')) SERVER s OPTIONS (collection 'dynamic');
SELECT try($$INSERT INTO dynamic_numbers VALUES (15, '[1,1]', 'NaN', 1)$$), try($$INSERT INTO dynamic_numbers VALUES (15, '[1,1]', 1e300, '-Infinity')$$);
SELECT try(format('SELECT %s FROM dynamic_domains WHERE id = %s', name, id)) FROM (VALUES ('k', 12), ('w', 12), ('n', 12), ('w', 13), ('t', 13), ('n', 14)) v(name, id);
-- read-only
ALTER FOREIGN TABLE docs OPTIONS (ADD updatable 'false');
SELECT is_insertable_into FROM information_schema.tables WHERE table_name IN ('docs', 'docs_p1') ORDER BY table_name;
SELECT try($$INSERT INTO docs VALUES (1, 1, 'ok', '{1}', '[1,2,3]')$$);
-- triggers and a partitioned parent that routes
CREATE TABLE parent (id bigint NOT NULL, n integer NOT NULL, e vector(2) NOT NULL) PARTITION BY LIST (n);
CREATE FOREIGN TABLE child1 PARTITION OF parent FOR VALUES IN (1) SERVER s;
CREATE FOREIGN TABLE child2 PARTITION OF parent FOR VALUES IN (2) SERVER l3;
CREATE TABLE child3 PARTITION OF parent FOR VALUES IN (3);
SELECT make_collection('child1'), make_collection('child2');
INSERT INTO parent SELECT i, 1 + i % 3, ARRAY[i, i]::real[]::vector FROM generate_series(1, 30) i;
SELECT index_and_load('child1', 'e', 'FLAT', 'L2'), index_and_load('child2', 'e', 'FLAT', 'L2');
SELECT tableoid::regclass, count(*), sum(id) FROM parent GROUP BY 1 ORDER BY 1;
SELECT id FROM parent ORDER BY e <-> '[4.1,4.1]', id LIMIT 4;
-- NULLs and defaults where the server has them
CREATE FOREIGN TABLE nullable (id bigint NOT NULL, n integer, s varchar(10), e vector(2) NOT NULL) SERVER l3;
SELECT make_collection('nullable');
INSERT INTO nullable VALUES (1, NULL, NULL, '[1,1]'), (2, 2, 'two', '[2,2]');
INSERT INTO nullable (id, e) VALUES (3, '[3,3]');
SELECT index_and_load('nullable', 'e', 'FLAT', 'L2');
SELECT * FROM nullable ORDER BY id;
-- RETURNING, triggers and check options see a default that the server stores though the column has none
CREATE FOREIGN TABLE defaulted (id bigint NOT NULL, b boolean NOT NULL DEFAULT true, i2 smallint NOT NULL DEFAULT -7, i8 bigint NOT NULL DEFAULT 5000000000,
	f4 real NOT NULL DEFAULT 1.5, f8 double precision NOT NULL DEFAULT -2.25, s varchar(10) NOT NULL DEFAULT 'a''b', e vector(2) NOT NULL) SERVER l3;
SELECT make_collection('defaulted');
SELECT index_and_load('defaulted', 'e', 'FLAT', 'L2');
CREATE FOREIGN TABLE bare (id bigint NOT NULL, b boolean, i2 integer, i8 bigint, f4 double precision, f8 double precision, s text, e vector(2) NOT NULL)
	SERVER l3 OPTIONS (collection 'defaulted');
CREATE TABLE seen (LIKE bare);
INSERT INTO bare (id, e) VALUES (1, '[1,1]') RETURNING *;
INSERT INTO bare (id, i2, s, e) SELECT i, nullif(i, 2), 'x', '[1,1]' FROM generate_series(2, 3) i RETURNING id, i2, s, f8;
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen SELECT NEW.*; RETURN NULL; END $$;
CREATE TRIGGER see AFTER INSERT ON bare FOR EACH ROW EXECUTE FUNCTION see();
INSERT INTO bare (id, s, e) VALUES (4, NULL, '[4,4]');
DROP TRIGGER see ON bare;
SELECT * FROM seen;
CREATE VIEW checked AS SELECT * FROM bare WHERE s = 'a''b' WITH CHECK OPTION;
INSERT INTO checked (id, e) VALUES (5, '[5,5]') RETURNING id, s;
INSERT INTO bare (id, e) VALUES (6, '[6,6]');
SELECT * FROM defaulted ORDER BY id;
-- an UPDATE to NULL is no wish for the default
SELECT try('UPDATE bare SET s = NULL WHERE id = 1'), try('UPDATE bare SET i2 = NULL, s = ''y'' WHERE id = 2');
UPDATE bare SET i8 = 1 WHERE id = 1 RETURNING id, i8, s;
DROP VIEW checked;
-- a generated column is stored like any other
CREATE FOREIGN TABLE generated (id bigint NOT NULL, twice bigint GENERATED ALWAYS AS (id * 2) STORED NOT NULL, e vector(2) NOT NULL) SERVER s;
SELECT make_collection('generated');
INSERT INTO generated (id, e) VALUES (1, '[1,1]'), (2, '[2,2]');
SELECT index_and_load('generated', 'e', 'FLAT', 'L2');
SELECT * FROM generated WHERE twice > 2;
-- partition keys, and two servers in one query
CREATE FOREIGN TABLE keyed_s (id bigint NOT NULL, k bigint OPTIONS (partition_key 'true') NOT NULL, e vector(2) NOT NULL) SERVER s;
CREATE FOREIGN TABLE keyed_l3 (id bigint NOT NULL, k bigint OPTIONS (partition_key 'true') NOT NULL, e vector(2) NOT NULL) SERVER l3;
SELECT make_collection('keyed_s'), make_collection('keyed_l3');
INSERT INTO keyed_s SELECT i, i % 10, ARRAY[i, i]::real[]::vector FROM generate_series(1, 100) i;
INSERT INTO keyed_l3 SELECT i, i % 10, ARRAY[i, i]::real[]::vector FROM generate_series(1, 100) i;
SELECT index_and_load('keyed_s', 'e', 'FLAT', 'L2'), index_and_load('keyed_l3', 'e', 'FLAT', 'L2');
SELECT count(*), sum(s.id) FROM keyed_s s JOIN keyed_l3 l USING (id, k) WHERE k = 7;
SELECT count(milvus.drop_collection(t) IS NULL) FROM unnest('{keyed_s,keyed_l3,generated,docs,auto_s,auto_l3,auto_l2,dynamic,child1,child2,nullable,defaulted}'::regclass[]) t;
DROP TABLE parent, keys, seen;
DROP FUNCTION try, see CASCADE;
DROP SERVER s, l3, l2 CASCADE;
