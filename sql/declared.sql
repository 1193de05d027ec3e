-- what a foreign table declares holds of what it gives: types, domains, one column a field; and what rows do not have
\i sql/servers.psql
\i sql/try.psql
SET client_min_messages = warning;
CREATE FOREIGN TABLE wide (id bigint NOT NULL, s varchar(40) NOT NULL, a varchar(40)[] NOT NULL, n integer NOT NULL, e vector(3) NOT NULL) SERVER s OPTIONS (collection 'declared');
SELECT make_collection('wide');
SELECT index_and_load('wide', 'e', 'FLAT', 'L2');
INSERT INTO wide VALUES (1, 'abc', '{abc}', 1, '[1,2,3]'), (2, 'abcdefghij', '{ab,abcdefghij}', 5, '[4,5,6]'), (3, 'ab   ', '{}', -7, '[7,8,9]');

-- a value that the column's type has no room for is an error, as it would be in a local table; blanks behind count, too
CREATE FOREIGN TABLE narrow (id bigint NOT NULL, s varchar(3), a varchar(3)[]) SERVER s OPTIONS (collection 'declared');
SELECT id, s FROM narrow WHERE id = 1;
SELECT id, s || '.' FROM narrow WHERE id = 3;
SELECT id, s FROM narrow WHERE id = 2;
SELECT id, a FROM narrow WHERE id = 1;
SELECT id, a FROM narrow WHERE id = 2;
-- dimensions that can't agree are an error before the first row
CREATE FOREIGN TABLE flat (id bigint NOT NULL, e vector(2)) SERVER s OPTIONS (collection 'declared');
SELECT id FROM flat WHERE id = 1;
SELECT e FROM flat WHERE id = 99;
INSERT INTO flat VALUES (4, '[1,2]');
-- of vectors of other types as well; of sparse ones, whose fields have no dimension, each value is looked at
CREATE FOREIGN TABLE kinds (id bigint NOT NULL, b bit(16) NOT NULL, h halfvec(3) NOT NULL, sp sparsevec(100) NOT NULL, e vector(3) NOT NULL) SERVER l2;
SELECT make_collection('kinds');
INSERT INTO kinds VALUES (1, B'1010101010101010', '[1,2,3]', '{2:1}/100', '[1,2,3]'), (2, B'1111000011110000', '[4,5,6]', '{1:1,90:2}/100', '[4,5,6]');
SELECT milvus.create_index('kinds', 'b', 'BIN_FLAT', 'HAMMING'), milvus.create_index('kinds', 'h', 'FLAT', 'L2'), milvus.create_index('kinds', 'sp', 'SPARSE_INVERTED_INDEX', 'IP'), index_and_load('kinds', 'e', 'FLAT', 'L2');
CREATE FOREIGN TABLE narrow_kinds (id bigint NOT NULL, b bit(8), h halfvec(2), sp sparsevec(50), e vector(2)) SERVER l2 OPTIONS (collection 'kinds');
SELECT id FROM narrow_kinds ORDER BY id;
SELECT field, try(format('SELECT %I FROM narrow_kinds WHERE id = 1', field)) FROM unnest('{b,h,sp,e}'::text[]) field;
SELECT field, try(format('SELECT %I FROM narrow_kinds WHERE id = 2', field)) FROM unnest('{b,h,sp,e}'::text[]) field;
SELECT sp FROM narrow_kinds WHERE id = 1;
SELECT try(format('SELECT id FROM narrow_kinds ORDER BY %I <-> %L LIMIT 1', field, q)) FROM (VALUES ('h', '[1,2]'), ('e', '[1,2]')) x(field, q);
-- rows have no ctid (see below), nor what a row of PostgreSQL has of its transactions
SELECT name, try(format('SELECT %I FROM kinds', name)), try(format($$SELECT id FROM kinds WHERE %I::text <> ''$$, name)), try(format($$DELETE FROM kinds WHERE %I::text <> ''$$, name)), try(format($$UPDATE kinds SET e = e WHERE %I::text <> ''$$, name)), try(format('DELETE FROM kinds WHERE id = 77 RETURNING %I', name))
	FROM unnest('{xmin,xmax,cmin,cmax}'::text[]) name;
SELECT milvus.drop_collection('kinds');
DROP FOREIGN TABLE kinds, narrow_kinds;
-- a domain over a type that fits, and its constraints
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN word AS varchar(40) NOT NULL CHECK (VALUE <> 'ab   ');
CREATE FOREIGN TABLE checked (id bigint NOT NULL, n positive, s word) SERVER s OPTIONS (collection 'declared');
SELECT * FROM checked WHERE id < 3 ORDER BY id;
SELECT n FROM checked WHERE n > 1;
SELECT n FROM checked WHERE id = 3;
SELECT s FROM checked WHERE id = 3;
-- blanks count: they are not cut off, as a filter sees them
CREATE FOREIGN TABLE blanks (id bigint NOT NULL, s varchar(2)) SERVER s OPTIONS (collection 'declared');
SELECT id, s FROM blanks WHERE id = 3;
SELECT id, s FROM blanks WHERE s = 'ab';

-- a column that the collection has no field for fails what uses it, and nothing else
CREATE FOREIGN TABLE stale (dropped text, id bigint NOT NULL, s varchar(40), a varchar(40)[], n integer, e vector(3), gone text, key text OPTIONS (dynamic_key 'key')) SERVER s OPTIONS (collection 'declared');
ALTER FOREIGN TABLE stale DROP dropped;
SELECT id, n FROM stale WHERE n > 1 ORDER BY e <-> '[1,1,1]' LIMIT 1;
SELECT count(*), max(n) FROM stale;
EXPLAIN (COSTS OFF) SELECT id FROM stale WHERE id = 1 AND s = 'abc';
INSERT INTO stale (id, s, a, n, e) VALUES (10, 'ten', '{}', 10, '[0,0,0]'), (11, 'eleven', '{}', 11, '[0,0,0]');
UPDATE stale SET n = 12 WHERE id = 10 RETURNING id, n;
UPDATE stale t SET n = v.n FROM (VALUES (11, 13)) v(id, n) WHERE t.id = v.id RETURNING t.id, t.n;
DELETE FROM stale WHERE id = 11 RETURNING id, n;
DELETE FROM stale WHERE n = 12;
UPDATE stale SET n = 1 WHERE id = NULL RETURNING id;
DELETE FROM stale WHERE false RETURNING id;
ANALYZE stale;
SELECT try('SELECT * FROM stale');
SELECT try('SELECT gone FROM stale');
SELECT try('SELECT key FROM stale');
SELECT try('SELECT stale FROM stale'), try('SELECT id FROM stale WHERE gone = ''x'''), try('SELECT id FROM stale ORDER BY gone LIMIT 1');
SELECT try('SELECT count(gone) FROM stale'), try('SELECT count(key) FROM stale'), try('EXPLAIN SELECT gone FROM stale');
SELECT try($$INSERT INTO stale VALUES (12, 's', '{}', 1, '[1,1,1]', 'x')$$), try($$INSERT INTO stale (id, s, a, n, e, key) VALUES (12, 's', '{}', 1, '[1,1,1]', 'x')$$);
SELECT try('UPDATE stale SET gone = NULL WHERE id = 1'), try('UPDATE stale SET n = 1 WHERE gone IS NULL'), try('UPDATE stale SET n = 1 WHERE id = 1 RETURNING gone');
SELECT try('UPDATE stale SET s = to_json(stale)::text WHERE id = 1'), try('UPDATE stale SET n = 1 WHERE stale IS NULL'), try('UPDATE stale SET n = 1 WHERE id = 1 RETURNING *');
SELECT try('DELETE FROM stale WHERE key IS NULL'), try('DELETE FROM stale WHERE id = 1 RETURNING stale');
SELECT (item).id FROM milvus.search(NULL::stale, 'e', ARRAY['[1,2,3]'::vector], 1, columns => '{id}') search;
SELECT try($$SELECT * FROM milvus.search(NULL::stale, 'e', ARRAY['[1,2,3]'::vector], 1)$$);
SELECT id, n FROM wide ORDER BY id;
ALTER FOREIGN TABLE stale DROP gone, DROP key;
SELECT * FROM stale WHERE stale.id = 1;

-- what a server cannot store is not asked of it: as a table's column, as a schema, as a field of a collection
CREATE FOREIGN TABLE instants (id bigint NOT NULL, t timestamptz NOT NULL, e vector(3) NOT NULL) SERVER s;
CREATE FOREIGN TABLE halves (id bigint NOT NULL, h halfvec(3) NOT NULL) SERVER s;
CREATE FOREIGN TABLE sparse (id bigint NOT NULL, sp sparsevec(3) NOT NULL) SERVER s;
CREATE FOREIGN TABLE several (id bigint NOT NULL, e vector(3) NOT NULL, f vector(3) NOT NULL) SERVER s;
SELECT t, try(format('SELECT milvus.create_collection(%L)', t)) FROM unnest('{instants,halves,sparse,several}'::text[]) t;
SELECT member, try(format('SELECT milvus.create_collection(server => %L, collection => %L, schema => %L)', 's', 'instants',
		'{"fields": [{"name": "id", "data_type": "Int64", "is_primary_key": true}]}'::jsonb || jsonb_build_object(kind,
			CASE kind WHEN 'fields' THEN '[{"name": "id", "data_type": "Int64", "is_primary_key": true}]' ELSE '[]'::jsonb END || member)))
	FROM (VALUES ('fields', '{"name": "f", "data_type": "Timestamptz"}'::jsonb), ('fields', '{"name": "f", "data_type": "Text"}'), ('fields', '{"name": "f", "data_type": "Geometry"}'),
		('fields', '{"name": "f", "data_type": "Int8Vector", "type_params": {"dim": 8}}'), ('fields', '{"name": "f", "data_type": "UUID"}'),
		('fields', '{"name": "f", "data_type": "Array", "element_type": "Timestamptz"}'),
		('functions', '{"name": "f", "type": "BM25"}'), ('struct_array_fields', '{"name": "f"}')) m(kind, member);
SELECT try($$SELECT milvus.create_collection(server => 's', collection => 'instants', schema => '{"fields": [{"name": "id", "data_type": "Int64", "is_primary_key": true}, {"name": "n", "data_type": "Int64", "nullable": true}]}')$$);
SELECT try($$SELECT milvus.add_field(server => 's', collection => 'declared', schema => '{"name": "t", "data_type": "Timestamptz", "nullable": true}')$$);
SELECT try($$SELECT milvus.add_field(server => 's', collection => 'declared', field => 't', schema => '{"data_type": "Timestamptz", "nullable": true}')$$);
-- a vector of an array, where its dimension is said; a field for a domain
CREATE DOMAIN three AS vector(3);
CREATE FOREIGN TABLE dims (id bigint NOT NULL, r real[] OPTIONS (dim '3') NOT NULL) SERVER l3;
CREATE FOREIGN TABLE dims_domain (id bigint NOT NULL, v three NOT NULL, u vector OPTIONS (dim '2') NOT NULL) SERVER l3;
SELECT make_collection('dims'), make_collection('dims_domain');
SELECT collection, field, data_type, type_params FROM milvus.fields WHERE server = 'l3' AND collection ~ '^dims' AND type_params IS NOT NULL ORDER BY 1, position;
INSERT INTO dims VALUES (1, '{1,2,3}'), (2, '{0,0,1}');
SELECT try('INSERT INTO dims VALUES (3, ''{1,2}'')');
SELECT index_and_load('dims', 'r', 'FLAT', 'L2');
SELECT split_part(try($$SELECT id, r FROM dims ORDER BY r <-> '{0,0,2}' LIMIT 1$$), ' / ', 2);
ALTER FOREIGN TABLE dims ALTER r OPTIONS (SET dim '4');
SELECT try('SELECT r FROM dims'), try('SELECT id FROM dims WHERE id = 1');
CREATE FOREIGN TABLE dims_odd (id bigint NOT NULL, v vector(3) OPTIONS (dim '2') NOT NULL) SERVER l3;
CREATE FOREIGN TABLE dims_text (id bigint NOT NULL, t text OPTIONS (dim '2') NOT NULL) SERVER l3;
SELECT try('SELECT milvus.create_collection(''dims_odd'')'), try('SELECT milvus.create_collection(''dims_text'')');
SELECT milvus.drop_collection('dims'), milvus.drop_collection('dims_domain');

-- two columns on one field can be read, and not written
CREATE FOREIGN TABLE twice (id bigint NOT NULL, n integer NOT NULL, m integer OPTIONS (field 'n') NOT NULL, s varchar(40) NOT NULL, a varchar(40)[] NOT NULL, e vector(3) NOT NULL)
	SERVER s OPTIONS (collection 'declared');
SELECT id, n, m FROM twice ORDER BY id;
SELECT try($$INSERT INTO twice VALUES (5, 1, 2, 'x', '{}', '[1,1,1]')$$), try('UPDATE twice SET m = 3 WHERE id = 1');
SELECT try('DELETE FROM twice WHERE id = 3');

-- rows have no ctid: all would have the same
SELECT try('SELECT ctid FROM wide');
SELECT try('DELETE FROM wide WHERE ctid IN (SELECT ctid FROM wide LIMIT 1)');
SELECT try('UPDATE wide SET n = 0 WHERE ctid = ''(0,1)''');
SELECT try($$INSERT INTO wide VALUES (6, 'x', '{}', 1, '[1,1,1]') RETURNING ctid$$);
SELECT try('SELECT 1 FROM wide w WHERE EXISTS (SELECT FROM generate_series(1, 2) g WHERE w.ctid <> ''(0,5)'' AND g = w.id)');
SELECT tableoid::regclass, wide.id, (wide).n FROM wide ORDER BY id;
CREATE TABLE parent (id bigint NOT NULL, s varchar(40) NOT NULL, a varchar(40)[] NOT NULL, n integer NOT NULL, e vector(3) NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE local PARTITION OF parent FOR VALUES FROM (100) TO (200);
ALTER TABLE parent ATTACH PARTITION wide FOR VALUES FROM (0) TO (100);
INSERT INTO local VALUES (100, 'l', '{}', 9, '[1,1,1]');
SELECT try('SELECT ctid FROM parent'), try('SELECT ctid FROM parent WHERE id > 150');
-- what the planner adds for itself is none of the query's
UPDATE parent SET n = n + 1 FROM (VALUES (1), (100)) v(id) WHERE parent.id = v.id;
SELECT id, n FROM parent ORDER BY id;
BEGIN;
SELECT id FROM parent WHERE n > 5 ORDER BY id FOR UPDATE;
COMMIT;
ALTER TABLE parent DETACH PARTITION wide;

-- TRUNCATE in a trigger does not overtake what the statement around it has collected
CREATE FUNCTION empty_it() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.id = 12 THEN
		TRUNCATE twice;
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER empty_it BEFORE INSERT ON wide FOR EACH ROW EXECUTE FUNCTION empty_it();
INSERT INTO wide SELECT i, 's', '{}', i, '[1,1,1]' FROM generate_series(10, 14) i;
SELECT array_agg(id ORDER BY id) FROM wide;

-- who has no right on a table does not make it ask its server
CREATE ROLE declared_nobody;
CREATE SERVER nowhere FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host '127.0.0.1', port '1', connect_timeout '1');
CREATE USER MAPPING FOR PUBLIC SERVER nowhere;
CREATE FOREIGN TABLE far (id bigint NOT NULL, n integer) SERVER nowhere;
CREATE TABLE far_parent (id bigint NOT NULL, n integer) PARTITION BY RANGE (id);
ALTER TABLE far_parent ATTACH PARTITION far FOR VALUES FROM (0) TO (10);
SET ROLE declared_nobody;
SELECT try('EXPLAIN SELECT * FROM far'), try('EXPLAIN SELECT n FROM far_parent'), try('EXPLAIN DELETE FROM far');
RESET ROLE;
GRANT SELECT (n) ON far_parent TO declared_nobody;
SET ROLE declared_nobody;
SELECT left(try('EXPLAIN SELECT n FROM far_parent'), 60);
RESET ROLE;
-- an abort ends well whatever the client's encoding lacks
CREATE SERVER "€" FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host '127.0.0.1', port :'s_port');
CREATE USER MAPPING FOR CURRENT_USER SERVER "€";
CREATE FOREIGN TABLE euro (id bigint NOT NULL, s varchar(40) NOT NULL, a varchar(40)[] NOT NULL, n integer NOT NULL, e vector(3) NOT NULL) SERVER "€" OPTIONS (collection 'declared');
SET client_encoding = 'LATIN1';
BEGIN;
INSERT INTO euro VALUES (20, 'x', '{}', 1, '[1,1,1]');
ROLLBACK;
RESET client_encoding;
SELECT count(*) FROM wide WHERE id = 20;

DROP TRIGGER empty_it ON wide;
SELECT milvus.drop_collection('wide');
DROP TABLE parent, far_parent;
DROP SERVER "€", nowhere CASCADE;
DROP FOREIGN TABLE wide, narrow, flat, checked, twice;
DROP DOMAIN positive, word;
DROP FUNCTION empty_it, try;
DROP ROLE declared_nobody;
