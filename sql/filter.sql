-- every condition passes the same rows on the server as on a local copy
\i sql/servers.psql
SET client_min_messages = warning;
-- an order that is not that of "C": ICU's, or of a PostgreSQL built without it, libc's
SELECT CASE WHEN count(*) > 0 THEN 'icu' ELSE 'libc' END AS provider, CASE WHEN count(*) > 0 THEN 'en' ELSE 'C.UTF-8' END AS locale
	FROM pg_collation WHERE collname = 'en-x-icu' \gset
CREATE COLLATION other_order (provider = :provider, locale = :'locale');
CREATE TABLE filter_local (id bigint PRIMARY KEY, b boolean, n2 smallint, n4 integer, n8 bigint, f real, d double precision,
	s varchar(50), "Odd Name" integer, "in" integer, e vector(2) NOT NULL);
INSERT INTO filter_local SELECT i, i % 3 = 0, i - 50, (i - 50) * 1000, (i - 50) * 1000000000000, (i - 50) / 8.0, (i - 50) / 10.0,
	(ARRAY['', 'a', 'A', 'b', 'quote"', 'back\', 'tab' || chr(9), 'ü', '🐘', '%', '_', 'a%b', 'zz'])[1 + i % 13],
	i, i, ARRAY[i, 1]::real[]::vector FROM generate_series(1, 100) i;
INSERT INTO filter_local VALUES
	(101, true, 32767, 2147483647, 9223372036854775807, 3.4028235e38, 1.7976931348623157e308, 'max', 1, 1, '[1,1]'),
	(102, false, -32768, -2147483648, -9223372036854775808, -3.4028235e38, -1.7976931348623157e308, 'min', 1, 1, '[1,1]'),
	(103, false, 0, 0, -9223372036854775807, 0.1, 0.1, E'line\nbreak', 1, 1, '[1,1]'),
	(104, true, 1, 1, 9007199254740993, '-0', '-0', E'cr\rhere', 1, 1, '[1,1]'),
	(105, true, 2, 2, 9007199254740992, 'inf', '-inf', E'bell\007', 1, 1, '[1,1]'),
	(106, false, 3, 3, 3, 'NaN', 'NaN', 'nan', 1, 1, '[1,1]');
SELECT foreign_like('filter_l3', 'filter_local', 'l3');
INSERT INTO filter_local VALUES (107, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[1,1]');
CREATE TABLE filter_full AS SELECT * FROM filter_local WHERE id <> 107;
ALTER TABLE filter_full ALTER id SET NOT NULL, ALTER b SET NOT NULL, ALTER n2 SET NOT NULL, ALTER n4 SET NOT NULL,
	ALTER n8 SET NOT NULL, ALTER f SET NOT NULL, ALTER d SET NOT NULL, ALTER s SET NOT NULL, ALTER "Odd Name" SET NOT NULL,
	ALTER "in" SET NOT NULL, ALTER e SET NOT NULL;
-- names that Milvus does not take are mapped to others
DO $$
BEGIN
	PERFORM foreign_like('filter_s', 'filter_full', 's');
	PERFORM foreign_like('filter_l2', 'filter_full', 'l2');
	EXECUTE 'ALTER FOREIGN TABLE filter_s ALTER "Odd Name" OPTIONS (field ''odd'')';
	EXECUTE 'ALTER FOREIGN TABLE filter_l2 ALTER "Odd Name" OPTIONS (field ''odd'')';
	EXECUTE 'ALTER FOREIGN TABLE filter_l3 ALTER "Odd Name" OPTIONS (field ''odd'')';
END $$;
SELECT make_collection(t) FROM unnest('{filter_s,filter_l3,filter_l2}'::regclass[]) t;
INSERT INTO filter_s SELECT * FROM filter_full;
INSERT INTO filter_l2 SELECT * FROM filter_full;
INSERT INTO filter_l3 SELECT * FROM filter_local;
SELECT index_and_load(t, 'e', 'FLAT', 'L2') FROM unnest('{filter_s,filter_l3,filter_l2}'::regclass[]) t;
CREATE TABLE conditions (condition text);
INSERT INTO conditions VALUES
	('b'), ('NOT b'), ('b = true'), ('b <> true'), ('b IS TRUE'), ('b IS NOT TRUE'), ('b IS FALSE'), ('b IS NOT FALSE'),
	('b IS UNKNOWN'), ('NOT (b IS TRUE)'),
	('n2 = 5'), ('n2 <> 5'), ('n2 < 5'), ('n2 <= 5'), ('n2 > 5'), ('n2 >= 5'), ('5 < n2'), ('5 >= n2'), ('NOT n2 < 5'),
	('n2 = 40000'), ('n2 < 40000'), ('n2 > 40000'), ('n2 <> 40000'), ('n2 >= -40000'), ('n2 < -40000'), ('NOT n2 < 40000'),
	('n4 = 2147483647'), ('n4 < 3000000000'), ('n4 > 3000000000'), ('n4 <> 3000000000'), ('n4 >= -2147483648'),
	('n8 = 9223372036854775807'), ('n8 = -9223372036854775808'), ('n8 <> -9223372036854775808'), ('n8 > -9223372036854775808'),
	('n8 >= -9223372036854775808'), ('n8 < -9223372036854775808'), ('n8 <= -9223372036854775808'), ('n8 <= -9223372036854775807'),
	('n8 IN (-9223372036854775808, 9007199254740993)'), ('n8 NOT IN (-9223372036854775808, 9007199254740993)'),
	('n8 = 9007199254740993'), ('n8 > 9007199254740992'), ('n4 > 1.5'), ('n4 = 2.0'), ('n4::bigint + 1 > 3'), ('n4 % 2 = 0'),
	('f = 0.125'), ('f = 0.1'), ('f = 0.1::real'), ('f > 0.1'), ('f > 0.1::real'), ('f >= 0.1::real'), ('f < 0.1'), ('f < 0.25'),
	('f <= 0.25'), ('f > 0.25'), ('f <> 0.25'), ('NOT f > 0.25'), ('f = 0'), ('f > 0'), ('f >= -0.0'), ('f = ''NaN'''), ('f > 3e38'),
	('f = ''inf'''), ('f < ''inf'''), ('f > ''-inf'''), ('f IN (0.125, 0.25)'), ('f = ANY (''{0.1,0.25}''::real[])'), ('f NOT IN (0.125, 0.25)'),
	('d = 0.1'), ('d > 0.1'), ('d >= 0.1'), ('d < 0.1'), ('d <= 0.1'), ('d <> 0.1'), ('NOT d >= 0.1'), ('d = ''-inf'''), ('d > 1e308'),
	('d BETWEEN -1 AND 1'), ('d NOT BETWEEN -1 AND 1'), ('d IN (0.1, 0.2, ''NaN'')'), ('d NOT IN (0.1, ''NaN'')'), ('d = 1'), ('d < n4'),
	('s = ''a'''), ('s <> ''a'''), ('s = '''''), ('s = ''quote"'''), ('s = ''back\'''), ('s = ''tab'' || chr(9)'), ('s = ''ü'''), ('s = ''🐘'''),
	('s = ''%'''), ('s = ''_'''), ('s LIKE ''a%'''), ('s ILIKE ''A%'''), ('s = E''line\nbreak'''), ('s = E''cr\rhere'''), ('s = E''bell\007'''),
	('s <> E''line\nbreak'''), ('s IN (''a'', E''line\nbreak'')'), ('s NOT IN (''a'', E''line\nbreak'')'), ('s IN (''a'', ''b'', NULL)'),
	('s NOT IN (''a'', NULL)'), ('s < ''b'' COLLATE "C"'), ('s >= ''a'' COLLATE "C"'), ('s < ''b'' COLLATE other_order'), ('s > ''ü'' COLLATE "C"'),
	('s = ''" or id > 0 or s == "'''), ('length(s) = 1'), ('s || ''x'' = ''ax'''),
	('id IN (1, 2, 3, 500)'), ('id NOT IN (1, 2, 3)'), ('id = ANY (ARRAY[1, 2, NULL])'), ('id <> ALL (ARRAY[1, 2, NULL])'), ('id = ANY (''{}''::bigint[])'),
	('id <> ALL (''{}''::bigint[])'), ('n4 <> ALL (''{}''::integer[])'), ('n4 = ANY (ARRAY[0, 1000])'), ('n2 IN (1, 2, 40000)'), ('n2 NOT IN (1, 40000)'),
	('n2 = ANY (ARRAY[40000])'), ('n2 <> ALL (ARRAY[40000])'), ('id = ANY (ARRAY(SELECT i FROM generate_series(1, 5000) i))'),
	('n4 IS NULL'), ('n4 IS NOT NULL'), ('s IS NULL'), ('NOT (s IS NULL)'), ('id IS NULL'), ('n4 IS NULL OR n4 > 5'), ('e IS NOT NULL'),
	('n2 > 0 AND n4 < 20000'), ('n2 > 0 OR s = ''a'''), ('NOT (n2 > 0 AND s = ''a'')'), ('NOT (n2 > 0 OR s = ''a'')'),
	('n2 > 0 AND (s = ''a'' OR s = ''b'') AND NOT (b OR n8 < 0)'), ('(n2 > 0 AND b) OR (n2 < 0 AND NOT b)'),
	('n2 = NULL'), ('NOT (n2 = NULL)'), ('n2 = NULL OR b'), ('n2 > 0 AND length(s) > 1'), ('n2 > 0 OR length(s) > 1'),
	('NOT (n2 = NULL AND b)'), ('"Odd Name" > 50'), ('"in" > 50'), ('"in" > 50 OR n2 < 0'), ('n2::text = ''5'''), ('coalesce(n4, 0) = 0'),
	('n2 IS DISTINCT FROM 5'), ('(n2, n4) = (5, 5000)'), ('(n2, n4) < (5, 5000)'), ('id % 10 = 0'), ('true'), ('false'), ('e <-> ''[3,1]'' < 5');
-- compare: rows that pass on the one and not on the other
CREATE FUNCTION compare(foreign_table text, local_table text) RETURNS TABLE (condition text, problem text)
	LANGUAGE plpgsql AS $$
DECLARE
	here bigint[];
	there bigint[];
BEGIN
	FOR condition IN SELECT c.condition FROM conditions c LOOP
		BEGIN
			EXECUTE format('SELECT array_agg(id ORDER BY id) FROM %I WHERE %s', local_table, condition) INTO here;
			EXECUTE format('SELECT array_agg(id ORDER BY id) FROM %I WHERE %s', foreign_table, condition) INTO there;
			CONTINUE WHEN here IS NOT DISTINCT FROM there;
			problem := format('here %s, there %s', here, there);
		EXCEPTION WHEN OTHERS THEN
			problem := SQLERRM;
		END;
		RETURN NEXT;
	END LOOP;
END $$;
SELECT * FROM compare('filter_s', 'filter_full');
SELECT * FROM compare('filter_l3', 'filter_local');
SELECT * FROM compare('filter_l2', 'filter_full');
-- it would find a difference
DELETE FROM filter_full WHERE id = 60;
SELECT condition FROM compare('filter_s', 'filter_full') WHERE condition IN ('n2 = 5', 'n2 > 5', 'f > 0.25');
INSERT INTO filter_full SELECT * FROM filter_local WHERE id = 60;
-- parameters, custom and generic plans: also of values that can't be sent
SET plan_cache_mode = force_generic_plan;
PREPARE by_n8(bigint) AS SELECT count(*) FROM filter_s WHERE n8 > $1;
EXECUTE by_n8(0);
EXECUTE by_n8(-9223372036854775808);
EXECUTE by_n8(NULL);
PREPARE by_s(text) AS SELECT id FROM filter_s WHERE s = $1 ORDER BY id;
EXECUTE by_s('max');
EXECUTE by_s(E'bell\007');
EXPLAIN (COSTS OFF) EXECUTE by_s('x');
PREPARE by_d(float8) AS SELECT count(*) FROM filter_s WHERE d = $1;
EXECUTE by_d('NaN');
EXECUTE by_d('inf');
EXECUTE by_d(0.1);
PREPARE by_ids(bigint[]) AS SELECT id FROM filter_s WHERE id = ANY ($1) ORDER BY id;
EXECUTE by_ids('{1,2,NULL}');
EXECUTE by_ids('{}');
EXECUTE by_ids(NULL);
RESET plan_cache_mode;
-- what is sent, and why the rest is not
EXPLAIN (COSTS OFF) SELECT id FROM filter_s WHERE n2 BETWEEN 1 AND 5 AND s IN ('a', 'b"') AND NOT b AND f > 0.25;
EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM filter_s WHERE n2 > 1 AND s LIKE 'a%' AND "in" = 3 AND s > 'x' COLLATE other_order AND n2 + 1 > 3;
EXPLAIN (COSTS OFF) SELECT id FROM filter_l2 WHERE n2 > 1 AND f > 1;
EXPLAIN (COSTS OFF) SELECT id FROM filter_l3 WHERE n4 IS NULL OR s NOT IN ('a', 'b');
EXPLAIN (COSTS OFF) SELECT id FROM filter_s WHERE n2 > 40000;
EXPLAIN (COSTS OFF) SELECT id FROM filter_s WHERE f = 0.1;
-- long chains are balanced: how deep the parentheses are, and how many stand side by side; 1,000 conditions are 5 halvings of 32
CREATE FUNCTION shape(condition text) RETURNS TABLE (sent integer, deepest integer, longest integer) LANGUAGE plpgsql AS $$
DECLARE
	line text;
	level integer := 0;
	lengths integer[] := '{}';
	word text[];
BEGIN
	sent := 0;
	deepest := 0;
	longest := 0;
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM filter_l3 WHERE ' || condition LOOP
		CONTINUE WHEN line !~ '^ *Milvus Filter: ';
		FOR word IN SELECT regexp_matches(line, '[()]|n2 [<>]=? -?[0-9]+', 'g') LOOP
			IF word[1] = '(' THEN
				level := level + 1;
				deepest := greatest(deepest, level);
			ELSIF word[1] = ')' THEN
				lengths[level] := 0;
				level := level - 1;
			ELSE
				sent := sent + 1;
				lengths[level] := coalesce(lengths[level], 0) + 1;
				longest := greatest(longest, lengths[level]);
			END IF;
		END LOOP;
	END LOOP;
	RETURN NEXT;
END $$;
SELECT n, operator, (shape((SELECT string_agg(format('n2 %s %s', CASE WHEN i % 2 = 0 THEN '<' ELSE '>' END, CASE operator WHEN 'OR' THEN CASE WHEN i % 2 = 0 THEN -100 - i ELSE 100 + i END ELSE CASE WHEN i % 2 = 0 THEN 100 + i ELSE -100 - i END END),
		' ' || operator || ' ') FROM generate_series(1, n) i))).* FROM unnest('{20,1000}'::integer[]) n, unnest('{AND,OR}'::text[]) operator ORDER BY n, operator;
DROP FUNCTION shape;
-- a clause is never dropped, whatever is between it and the LIMIT
SELECT id FROM filter_s WHERE length(s) = 2 LIMIT 2;
SELECT count(*) FROM (SELECT id FROM filter_s WHERE s LIKE 'a%' AND n2 > 0 LIMIT 100) x;
-- conditions that EXPLAIN names, of columns that a join renames, or that an outer join might have made NULL: planned all the same
SELECT count(*), (SELECT count(*) FROM filter_full WHERE length(s) > 3) FROM (filter_s JOIN filter_local USING (id)) AS j(id, b1, n21, n41, n81, f1, d1, s1) WHERE length(j.s1) > 3;
SELECT explained($$SELECT id FROM (filter_s s JOIN filter_local l USING (id)) AS j(id, b1, n21, n41, n81, f1, d1, s1) WHERE length(j.s1) > 3$$, 'VERBOSE, COSTS OFF') LIKE '%Not Sent: (length((s)::text) > 3): %' AS named EXCEPT VALUES (false);
SELECT count(*), (SELECT count(*) FROM filter_local l LEFT JOIN (SELECT id, coalesce(s, 'x') AS n FROM filter_local) x ON l.id = x.id WHERE x.n > 'b' AND l.id <> 107) FROM filter_local l LEFT JOIN (SELECT id, coalesce(s, 'x') AS n FROM filter_s) x ON l.id = x.id WHERE x.n > 'b';
SELECT milvus.drop_collection(t) FROM unnest('{filter_s,filter_l3,filter_l2}'::regclass[]) t;
DROP TABLE filter_local, filter_full, conditions;
DROP FUNCTION compare;
DROP COLLATION other_order;
DROP SERVER s, l3, l2 CASCADE;
