-- conditions on patterns, elements of arrays and values in documents: the same rows as on a local copy
\i sql/servers.psql
SET client_min_messages = warning;
CREATE TABLE inner_local (id bigint PRIMARY KEY, s varchar(100) NOT NULL, ai int[] NOT NULL, at varchar(50)[] NOT NULL, j jsonb NOT NULL, e vector(4) NOT NULL, da bigint, ds text, db boolean, dd float8);
INSERT INTO inner_local SELECT i, (ARRAY['','abc','aBc','a%c','a_c','abcdef','q"q',E'back\\slash','日本語','xabcx','ABC',E'tab\tx','ab','xab','it''s'])[1+i%15],
 (ARRAY['{}','{1}','{1,2}','{2,1,3}','{5}','{1,1}','{2147483647}','{-2147483648}','{7,8,9}','{0,-5}'])[1+i%10]::int[],
 (ARRAY['{}','{a}','{a,b}','{it''s}','{"q\""}','{日本}','{""}','{abc,tag}','{b}','{a,日本}'])[1+i%10]::varchar[],
 (ARRAY['{"a":1,"s":"x","n":{"k":1.5,"t":"deep"},"b":true}','{"a":2.5,"s":"y","b":false}','{"a":"1","s":"1"}','{"a":null,"s":null}','{}','{"a":9007199254740993,"s":"true"}','{"a":[1,2],"s":["x"]}','{"a":{"x":1},"s":{"x":"x"}}','{"a":true,"s":5,"b":1}','{"a":1.0,"s":"x y"}','{"a":-3,"s":"","b":0}'])[1+i%11]::jsonb,
 ARRAY[i,1,2,3]::real[]::vector, CASE WHEN i%3<>0 THEN i%7 - 3 END, CASE WHEN i%4<>0 THEN (ARRAY['x','y','5','true','x y'])[1+i%5] END, CASE WHEN i%5<>0 THEN i%2=0 END, CASE WHEN i%3<>1 THEN (i%9)/4.0 END
 FROM generate_series(1,400) i;
DO $$ DECLARE s text; BEGIN FOREACH s IN ARRAY '{s,l3,l2}'::text[] LOOP
	EXECUTE format('CREATE FOREIGN TABLE inner_%1$s (id bigint OPTIONS (primary_key ''true'') NOT NULL, s varchar(100) NOT NULL, ai int[] NOT NULL,
		at varchar(50)[] NOT NULL, j jsonb NOT NULL, e vector(4) NOT NULL, da bigint OPTIONS (dynamic_key ''da''), ds text OPTIONS (dynamic_key ''ds''),
		db boolean OPTIONS (dynamic_key ''db''), dd float8 OPTIONS (dynamic_key ''dd'')) SERVER %1$s', s);
	PERFORM make_collection('inner_' || s);
	EXECUTE format('INSERT INTO inner_%s SELECT * FROM inner_local', s);
	PERFORM index_and_load('inner_' || s, 'e', 'FLAT', 'L2');
END LOOP; END $$;
CREATE FUNCTION check_condition(conditions text[]) RETURNS TABLE (condition text, server text, rows int, problem text, sent text) LANGUAGE plpgsql AS $$
DECLARE
	here bigint[];
	there bigint[];
	line text;
BEGIN
	FOREACH condition IN ARRAY conditions LOOP
	FOREACH server IN ARRAY '{s,l3,l2}'::text[] LOOP
		problem := NULL;
		sent := NULL;
		EXECUTE 'SELECT array_agg(id ORDER BY id) FROM inner_local WHERE ' || condition INTO here;
		BEGIN
			EXECUTE format('SELECT array_agg(id ORDER BY id) FROM inner_%s WHERE %s', server, condition) INTO there;
			IF here IS DISTINCT FROM there THEN
				problem := format('%s instead of %s', there[:12], here[:12]);
			END IF;
		EXCEPTION WHEN OTHERS THEN
			problem := SQLERRM;
		END;
		FOR line IN EXECUTE format('EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM inner_%s WHERE %s', server, condition) LOOP
			IF line ~ 'Milvus Filter:|Filter Not Sent:' THEN
				sent := concat_ws('; ', sent, replace(regexp_replace(line, '^ *(Milvus Filter: )?', ''), 'Filter Not Sent: ', 'not sent: '));
			END IF;
		END LOOP;
		rows := coalesce(cardinality(here), 0);
		RETURN NEXT;
	END LOOP; END LOOP;
END $$;
\pset format unaligned
CREATE TABLE inner_checked AS SELECT * FROM check_condition(ARRAY[ $$s LIKE 'ab%'$$, $$s LIKE '%ab'$$, $$s LIKE '%b%'$$, $$s LIKE 'abc'$$, $$s LIKE '%'$$, $$s LIKE ''$$, $$s LIKE 'a_c'$$, $$s NOT LIKE 'ab%'$$, $$NOT s LIKE '%c'$$, $$s ^@ 'a%'$$, $$s ^@ '日'$$, $$NOT s ^@ 'ab'$$, $$s LIKE 'q"%'$$, $$s LIKE NULL$$,
 $$1 = ANY (ai)$$, $$-5 = ANY (ai)$$, $$3000000000 = ANY (ai)$$, $$-2147483648 = ANY(ai)$$, $$NOT 1 = ANY (ai)$$, $$1 <> ALL (ai)$$, $$'a' = ANY (at)$$, $$'日本' = ANY (at)$$, $$'it''s' = ANY (at)$$, $$ai @> '{1,2}'$$, $$ai @> '{}'$$, $$ai @> '{1,NULL}'$$, $$ai && '{5,2}'$$, $$ai && '{}'$$, $$ai && '{NULL,1}'$$, $$'{1}' <@ ai$$, $$NOT ai @> '{1}'$$, $$NOT ai && '{1}'$$, $$at @> '{a,b}'::varchar[]$$, $$at && ARRAY['q"','']::varchar[]$$, $$cardinality(ai) = 2$$, $$cardinality(ai) = 0$$, $$cardinality(at) = -1$$,
 $$j->>'s' = 'x'$$, $$j->>'s' = '5'$$, $$j->>'s' = 'true'$$, $$j->>'s' = ''$$, $$j->>'s' = 'x y'$$, $$j->>'s' IN ('x','y')$$, $$j->>'s' IN ('x','5')$$, $$j->'n'->>'t' = 'deep'$$, $$j @> '{"a":1}'$$, $$j @> '{"s":"x"}'$$, $$j @> '{"s":"5"}'$$, $$j @> '{"n":{"t":"deep","k":1.5}}'$$, $$j @> '{"n":{"t":"deep"},"b":true}'$$, $$j @> '{"a":[1]}'$$, $$j @> '{}'$$, $$j @> '{"b":false}'$$, $$'{"s":"x"}' <@ j$$, $$j ? 'a'$$, $$j ? 's' AND j->>'s' = 'y'$$, $$NOT j @> '{"a":1}'$$,
 $$da = 2$$, $$da > 0$$, $$da <= -1$$, $$da IN (1,2)$$, $$da <> 2$$, $$NOT da > 0$$, $$da IS NULL$$, $$ds = 'x'$$, $$ds = '5'$$, $$ds = 'true'$$, $$ds IN ('x','y','x y')$$, $$ds <> 'x'$$, $$db$$, $$db = true$$, $$NOT db$$, $$db IS TRUE$$, $$dd > 0.5$$, $$dd = 1$$, $$dd <= 0.25$$, $$ds = 'x' OR da = 2$$, $$ds = 'x' AND da = 2 AND s LIKE 'a%'$$, $$da = 3::int2$$, $$da BETWEEN 0 AND 2$$ ]);
SELECT * FROM inner_checked WHERE problem IS NOT NULL;
-- what is sent to Milvus 2.3, and what the others make of it
SELECT condition, rows, sent FROM inner_checked WHERE server = 's' ORDER BY condition COLLATE "C";
SELECT condition, server, sent FROM inner_checked x WHERE server <> 's'
	AND sent IS DISTINCT FROM (SELECT sent FROM inner_checked y WHERE y.condition = x.condition AND y.server = 's') ORDER BY condition COLLATE "C", server;
-- the document that dynamic keys are in
CREATE FOREIGN TABLE inner_meta (id bigint NOT NULL, doc jsonb OPTIONS (field '$meta')) SERVER s OPTIONS (collection 'inner_s');
EXPLAIN (COSTS OFF) SELECT id FROM inner_meta WHERE doc->>'ds' = 'x' AND doc @> '{"da": 2}';
SELECT (SELECT count(*) FROM inner_meta WHERE doc->>'ds' = 'x' AND doc @> '{"da": 2}') = (SELECT count(*) FROM inner_local WHERE ds = 'x' AND da = 2) AS same;
-- as a condition of a join
SELECT count(*) FROM inner_local l JOIN inner_meta f ON f.doc->>'ds' = l.ds WHERE l.id IN (1, 2);
SET enable_hashjoin = off;
SET enable_mergejoin = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM (VALUES ('x')) l(ds) JOIN inner_meta f ON f.doc->>'ds' = l.ds;
EXPLAIN (COSTS OFF) SELECT count(*) FROM inner_local l JOIN inner_meta f ON f.doc->>'ds' = l.ds WHERE l.id = 1;
RESET enable_hashjoin;
RESET enable_mergejoin;
-- a count whose filter may turn out not to be sent whole is not the server's
SELECT count(*) FROM inner_s WHERE (SELECT NULL::int) <> ALL (ai);
SELECT count(*) FROM inner_local WHERE (SELECT NULL::int) <> ALL (ai);
SELECT (SELECT count(*) FROM inner_l3 WHERE (SELECT -5) = ANY (ai)) = (SELECT count(*) FROM inner_local WHERE (SELECT -5) = ANY (ai)) AS same;
SELECT count(*) FROM inner_s WHERE da = (SELECT (-9223372036854775808)::bigint);
SELECT count(*) FROM inner_s WHERE cardinality(ai) = (-9223372036854775808)::bigint;
-- a value of another JSON type than the column's is an error, as a cast of jsonb would be
CREATE FOREIGN TABLE inner_other (id bigint NOT NULL, ds bigint OPTIONS (dynamic_key 'ds'), da text OPTIONS (dynamic_key 'da')) SERVER s OPTIONS (collection 'inner_s');
SELECT ds FROM inner_other ORDER BY id LIMIT 1;
SELECT da FROM inner_other ORDER BY id LIMIT 1;
-- a key with a whole number beyond 64 bits, which Milvus Lite 3 can't compare with a float
CREATE FOREIGN TABLE inner_huge (id bigint NOT NULL, "$meta" jsonb, w double precision OPTIONS (dynamic_key 'w'), e vector(2) NOT NULL) SERVER l3;
SELECT make_collection('inner_huge');
INSERT INTO inner_huge (id, "$meta", e) VALUES (1, '{"w": 12345678901234567890}', '[1,2]'), (2, '{"w": 5}', '[1,2]'), (3, '{"w": -3}', '[1,2]');
SELECT milvus.load('inner_huge');
SELECT id FROM inner_huge WHERE w > 1 ORDER BY id;
EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM inner_huge WHERE w > 1;
SELECT milvus.drop_collection('inner_huge');
