-- the best of each group, as milvus.search() has them
\i sql/servers.psql
SET client_min_messages = warning;
CREATE TABLE groups_local (id bigint PRIMARY KEY, n integer NOT NULL, e vector(8) NOT NULL);
INSERT INTO groups_local SELECT i, i % 10, ARRAY(SELECT ((i * 7919 + j * 104729) % 1000) / 50.0 FROM generate_series(1, 8) j)::vector FROM generate_series(1, 1500) i;
CREATE FOREIGN TABLE groups_s (id bigint NOT NULL, n integer NOT NULL, e vector(8) NOT NULL) SERVER s;
CREATE FOREIGN TABLE groups_l3 (id bigint NOT NULL, n integer NOT NULL, e vector(8) NOT NULL) SERVER l3;
CREATE FOREIGN TABLE groups_l2 (id bigint NOT NULL, n integer NOT NULL, e vector(8) NOT NULL) SERVER l2;
SELECT count(make_collection(t)), count(index_and_load(t, 'e', 'FLAT', 'L2')) FROM unnest('{groups_s,groups_l3,groups_l2}'::regclass[]) t;
INSERT INTO groups_s SELECT * FROM groups_local;
INSERT INTO groups_l3 SELECT * FROM groups_local;
INSERT INTO groups_l2 SELECT * FROM groups_local;

-- where the server has no groups, or none of that size, they are made here
SELECT count(*) FROM milvus.search(NULL::groups_s, 'e', '{1,1,1,1,1,1,1,1}'::real[], group_by => 'n');
CREATE FUNCTION groups(t text, queries vector[], k int, size int, condition text) RETURNS TABLE (query int, n int, distance numeric) LANGUAGE plpgsql AS $$
BEGIN
	IF t = 'groups_local' THEN
		RETURN QUERY EXECUTE format('SELECT o.query, o.n, round(o.d::numeric, 3) FROM (
			SELECT q.ordinality::int AS query, l.n, l.e <-> q.v AS d, row_number() OVER (PARTITION BY q.ordinality, l.n ORDER BY l.e <-> q.v) AS place,
				min(l.e <-> q.v) OVER (PARTITION BY q.ordinality, l.n) AS best FROM unnest($1) WITH ORDINALITY q(v) CROSS JOIN groups_local l WHERE %s) o
			WHERE o.place <= $2 AND o.best <= ALL (SELECT b FROM (SELECT min(l.e <-> $1[o.query]) AS b FROM groups_local l WHERE %s GROUP BY l.n ORDER BY 1 LIMIT $3) x ORDER BY b DESC LIMIT 1)', condition, condition) USING queries, size, k;
	ELSE
		RETURN QUERY EXECUTE format('SELECT s.query, (s.item).n, round(s.distance::numeric, 3) FROM milvus.search(NULL::%I, ''e'', $1, $3, group_by => ''n'', group_size => $2, strict_group_size => true, filter => %L, columns => ''{n}'') s', t, condition) USING queries, size, k;
	END IF;
END $$;
CREATE FUNCTION compare_groups(t text, k int, size int, condition text, filter text) RETURNS text LANGUAGE sql AS $$
	WITH q AS (SELECT array_agg(e ORDER BY id) AS qs FROM groups_local WHERE id IN (5, 77, 1234)),
		here AS (SELECT g.* FROM q, groups('groups_local', qs, k, size, condition) g), there AS (SELECT g.* FROM q, groups(t, qs, k, size, filter) g)
	SELECT format('%s rows, %s differ', (SELECT count(*) FROM there), (SELECT count(*) FROM ((TABLE here EXCEPT ALL TABLE there) UNION ALL (TABLE there EXCEPT ALL TABLE here)) d))
$$;
SELECT t, compare_groups(t, 4, 1, 'true', NULL), compare_groups(t, 3, 5, 'true', NULL), compare_groups(t, 10, 3, 'id < 200', 'id < 200'), compare_groups(t, 2, 10, 'id < 200', 'id < 200') FROM unnest('{groups_s,groups_l3}'::text[]) t;
-- of any size, where they are made here; others have a limit
SELECT compare_groups('groups_l3', 2, 1000, 'id < 300', 'id < 300');
-- Lite 2 makes groups of one
SELECT compare_groups('groups_l2', 4, 1, 'true', NULL), compare_groups('groups_l2', 3, 5, 'true', NULL);
-- the column need not be asked for, but must be there
SELECT DISTINCT (item).n FROM milvus.search(NULL::groups_s, 'e', '{1,1,1,1,1,1,1,1}'::real[], k => 3, group_by => 'n', columns => '{id}');
SELECT count(*) FROM milvus.search(NULL::groups_l3, 'e', '{1,1,1,1,1,1,1,1}'::real[], group_by => 'x', group_size => 2);
SELECT count(*) FROM milvus.search(NULL::groups_s, 'e', '{1,1,1,1,1,1,1,1}'::real[], group_by => 'n', group_size => 0);
SELECT count(DISTINCT (item).n), count(*) FROM milvus.search(NULL::groups_l2, 'e', ARRAY['[1,1,1,1,1,1,1,1]']::vector[], k => 5, group_by => 'n');

SELECT count(milvus.drop_collection(t) IS NULL) FROM unnest('{groups_s,groups_l3,groups_l2}'::regclass[]) t;
DROP FUNCTION groups, compare_groups;
DROP TABLE groups_local;
DROP SERVER s, l3, l2 CASCADE;
