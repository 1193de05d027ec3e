-- full text: rows ranked by words (BM25), and conditions on words; sent to the server, or refused, and never computed here
\i sql/servers.psql
\i sql/try.psql
SET client_min_messages = warning;
SET search_path = public, milvus;
CREATE FUNCTION make_words(server text, options text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE FOREIGN TABLE words_%1$s (id bigint NOT NULL, lang varchar(2) NOT NULL, body varchar(200) OPTIONS (full_text ''true'' %2$s) NOT NULL, e vector(2) NOT NULL)
		SERVER %1$s OPTIONS (consistency_level ''strong'')', server, options);
	PERFORM make_collection(('words_' || server)::regclass);
	PERFORM milvus.create_index(('words_' || server)::regclass, 'body');
	PERFORM index_and_load(('words_' || server)::regclass, 'e', 'FLAT', 'L2');
	EXECUTE format($i$INSERT INTO words_%s VALUES (1, 'en', 'the quick brown fox', '[1,0]'), (2, 'en', 'a lazy dog sleeps', '[2,0]'), (3, 'fr', 'quick dog', '[3,0]'),
		(4, 'fr', 'nothing here', '[4,0]'), (5, 'en', 'a fox and a dog and a fox', '[5,0]'), (6, 'en', 'nothing "there"', '[6,0]')$i$, server);
END $$;
SELECT make_words('l3', $$, match 'true', analyzer '{"type": "standard"}'$$), make_words('l2', '');
-- what IMPORT makes of it
CREATE SCHEMA words_import;
IMPORT FOREIGN SCHEMA "default" LIMIT TO (words_l3, words_l2) FROM SERVER l3 INTO words_import;
SELECT attname, attfdwoptions FROM pg_attribute WHERE attrelid = 'words_import.words_l3'::regclass AND attnum > 0 ORDER BY attnum;
SELECT field, index_type, metric_type FROM milvus.indexes WHERE server IN ('l3', 'l2') AND collection LIKE 'words\__2' OR collection = 'words_l3' ORDER BY 1;
DROP SCHEMA words_import CASCADE;

-- a rank: matches first, then all others, as many as are wanted
SELECT id, body, body <@> 'quick fox' < 0 AS matches FROM words_l3 ORDER BY body <@> 'quick fox', id LIMIT 4;
SELECT id, body, body <@> 'quick fox' < 0 AS matches FROM words_l2 ORDER BY body <@> 'quick fox', id LIMIT 4;
EXPLAIN (VERBOSE, COSTS OFF) SELECT id, -(body <@> 'quick fox') AS score FROM words_l3 ORDER BY score DESC LIMIT 4;
SELECT array_agg(id), count(*) FROM (SELECT id FROM words_l3 ORDER BY body <@> 'dog' LIMIT 100) x;
SELECT array_agg(id), count(*) FROM (SELECT id FROM words_l2 ORDER BY body <@> 'dog') x;
-- only matches
SELECT id FROM words_l3 WHERE body <@> 'dog' < 0 ORDER BY body <@> 'dog' LIMIT 10;
SELECT id FROM words_l2 WHERE body <@> 'dog' < 0 ORDER BY id;
SELECT count(*) FROM words_l3 WHERE body <@> 'dog' < 0;
SELECT count(*) FROM words_l3 WHERE body <@> 'dog' <= 0;
SELECT count(*) FROM words_l3 WHERE -(body <@> 'dog') > 0 AND lang = 'fr';
SELECT count(*) FROM words_l3 WHERE body <@> 'no such word' < 0;
SELECT count(*) FROM words_l3 WHERE body <@> '' < 0;
EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM words_l3 WHERE body <@> 'dog' < 0 AND lang = 'en' AND length(body) > 4 ORDER BY body <@> 'dog' LIMIT 10;
SELECT id FROM words_l3 WHERE body <@> 'dog' < 0 AND lang = 'en' AND length(body) > 4 ORDER BY body <@> 'dog' LIMIT 10;
-- the words as a parameter, from a subquery, from an outer row, and NULL
PREPARE by_words(text, int) AS SELECT id FROM words_l3 WHERE body <@> $1 < 0 ORDER BY body <@> $1 LIMIT $2;
EXECUTE by_words('fox', 1);
SET plan_cache_mode = force_generic_plan;
EXECUTE by_words('dog', 2);
EXECUTE by_words(NULL, 2);
RESET plan_cache_mode;
SELECT id FROM words_l3 ORDER BY body <@> (SELECT 'sleeps'::text) LIMIT 1;
SELECT w, r.id FROM unnest('{dog,fox,nothing}'::text[]) w, LATERAL (SELECT id FROM words_l2 WHERE body <@> w < 0 ORDER BY body <@> w LIMIT 1) r;
SELECT count(*), count(rank) FROM (SELECT body <@> NULL AS rank FROM words_l3 ORDER BY rank LIMIT 10) x;
SELECT id, rank() OVER (ORDER BY body <@> 'fox') FROM words_l3 WHERE body <@> 'fox' < 0 LIMIT 2;

-- groups of a rank; conditions in any order; nothing is above NaN; a rank of another step than 0 to 1
SELECT body <@> 'dog' < 0 AS matches, count(*) FROM words_l3 WHERE body <@> 'dog' < 0 GROUP BY body <@> 'dog' HAVING max(id) > 2 ORDER BY 2;
SELECT count(*) FROM (SELECT -(body <@> 'dog') AS score, count(*) FROM words_l3 WHERE body <@> 'dog' < 0 GROUP BY body <@> 'dog') x;
SELECT id FROM words_l3 WHERE e <-> '[1,0]' < 3 AND body <@> 'dog' < 0 ORDER BY id;
SELECT id FROM words_l3 WHERE body <@> 'dog' < 0 AND e <-> '[1,0]' < 3 ORDER BY id;
SELECT count(*) FILTER (WHERE true) FROM words_l3 WHERE -(body <@> 'dog') > 'NaN';
SELECT count(*) FROM words_l3 WHERE body <@> 'dog' < 'NaN';
SELECT id, sum(id) OVER (ORDER BY id) FROM words_l3 WHERE body <@> 'dog' < 0;

-- many texts in one request, or one
SELECT query, (item).id FROM milvus.search(NULL::words_l3, 'body', ARRAY['dog', NULL, 'no such', 'nothing'], k => 2, columns => '{id}') ORDER BY query, distance;
SELECT query, (item).id, distance < 0 FROM milvus.search(NULL::words_l2, NULL, 'lazy'::text, k => 2, columns => '{id}');
SELECT query, (item).lang, (item).id FROM milvus.search(NULL::words_l3, 'body', '{dog fox}'::varchar[], group_by => 'lang', columns => '{id,lang}') ORDER BY distance;
SELECT count(*) FROM milvus.search(NULL::words_l3, 'lang', 'dog');
SELECT count(*) FROM milvus.search(NULL::words_l3, 'e', '[1,1]');

-- conditions on words, beside anything else
SELECT id FROM words_l3 WHERE text_match(body, 'fox') ORDER BY e <-> '[9,0]' LIMIT 5;
SELECT id FROM words_l3 WHERE text_match(body, 'fox dog') AND NOT text_match(body, 'lazy') ORDER BY id;
SELECT id FROM words_l3 WHERE text_match(body, 'here') OR id = 2 ORDER BY id;
SELECT id FROM words_l3 WHERE text_match(body, '"there" \ ''x''') ORDER BY id;
SELECT count(*) FROM words_l3 WHERE text_match(body, NULL);
EXPLAIN (COSTS OFF) SELECT count(*) FROM words_l3 WHERE text_match(body, 'fox') AND lang = 'en';
SELECT id FROM words_l3 WHERE text_match(body, 'dog') ORDER BY body <@> 'lazy' LIMIT 1;
PREPARE matching(text) AS SELECT id FROM words_l3 WHERE text_match(body, $1) ORDER BY id;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE matching('dog');
EXECUTE matching('quick');
RESET plan_cache_mode;
UPDATE words_l3 SET lang = 'xx' WHERE text_match(body, 'nothing');
DELETE FROM words_l3 WHERE text_match(body, 'lazy');
SELECT id, lang FROM words_l3 ORDER BY id;

-- what no server answers is refused when it is planned, with the reason
CREATE FUNCTION refused(server text, query text) RETURNS text LANGUAGE sql AS $$ SELECT try(format(query, 'words_' || server)) $$;
SELECT query, refused('l3', query) FROM unnest(ARRAY[
	$$SELECT text_match(body, 'fox') FROM %s$$, $$SELECT id FROM %s WHERE text_match(body, 'fox') IS NULL$$, $$SELECT id FROM %s WHERE text_match(lang, 'en')$$,
	$$SELECT id FROM %s WHERE text_match(body, lang)$$, $$SELECT id FROM %s WHERE text_match(body, 'a b', 2)$$, $$SELECT id FROM %s WHERE phrase_match(body, 'quick brown')$$,
	$$SELECT id FROM %s WHERE text_match(upper(body), 'FOX')$$, $$SELECT max(body <@> 'fox') FROM %s$$, $$SELECT id FROM %s ORDER BY body <@> 'fox' DESC LIMIT 1$$,
	$$SELECT id FROM %s ORDER BY lang <@> 'en' LIMIT 1$$, $$SELECT id FROM %s WHERE body <@> 'fox' > -1$$, $$SELECT id FROM %s WHERE body <@> 'fox' < 0 ORDER BY e <-> '[1,2]' LIMIT 2$$,
	$$SELECT id, body <@> 'dog' FROM %s ORDER BY body <@> 'fox' LIMIT 1$$, $$SELECT a.id FROM %1$s a JOIN %1$s b USING (id) ORDER BY a.body <@> 'fox' LIMIT 1$$,
	$$SELECT a.id FROM %1$s a JOIN %1$s b ON text_match(a.body, b.lang)$$, $$SELECT id FROM %s ORDER BY body <@> 'fox' LIMIT 1 FOR UPDATE$$, $$SELECT bm25_distance('a', 'b') FROM %s$$,
	$$SELECT 1 / (1 + (body <@> 'fox')) AS s FROM %s ORDER BY s DESC LIMIT 3$$, $$SELECT min(body <@> 'dog') FROM %s WHERE body <@> 'dog' < 0$$, $$SELECT lang FROM %s GROUP BY lang HAVING bool_or(text_match(body, 'x'))$$,
	$$SELECT * FROM (SELECT id, body <@> 'x' AS r FROM %1$s UNION ALL SELECT id, body <@> 'x' FROM %1$s) u ORDER BY r LIMIT 3$$, $$SELECT id, body <@> 'dog', row_number() OVER (ORDER BY id) FROM %s WHERE body <@> 'dog' < 0$$,
	$$SELECT t FROM %s t ORDER BY body <@> 'fox' LIMIT 1$$, $$SELECT id FROM %s GROUP BY id, body ORDER BY body <@> 'fox'$$]) query;
SELECT refused('l2', $$SELECT id FROM %s WHERE text_match(body, 'fox')$$);
SELECT milvus.text_match('a', 'b');
CREATE FOREIGN TABLE words_bad (id bigint NOT NULL, n integer OPTIONS (full_text 'true') NOT NULL, e vector(2) NOT NULL) SERVER l3;
SELECT milvus.table_schema('words_bad');
-- a table of before BM25
CREATE FOREIGN TABLE words_s (id bigint NOT NULL, lang varchar(2) NOT NULL, body varchar(200) NOT NULL, e vector(2) NOT NULL) SERVER s;
SELECT make_collection('words_s'), index_and_load('words_s', 'e', 'FLAT', 'L2');
SELECT refused('s', $$SELECT id FROM %s WHERE text_match(body, 'fox')$$);
SELECT refused('s', $$SELECT id FROM %s ORDER BY body <@> 'fox' LIMIT 3$$);

SELECT count(milvus.drop_collection(t) IS NULL) FROM unnest('{words_s,words_l3,words_l2}'::regclass[]) t;
DROP FUNCTION make_words, refused, try;
DROP SERVER s, l3, l2 CASCADE;
