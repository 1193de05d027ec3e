-- vectors whose distances leave float4, in which servers compute them: what comes, in which order, and how far, is what a local table says.
-- No sum here goes both ways, which would be another one in another order of adding.
\i sql/servers.psql
SET client_min_messages = warning;
CREATE TABLE far_local (id bigint PRIMARY KEY, e vector(3) NOT NULL);
INSERT INTO far_local VALUES (1, '[0,0,0]'), (2, '[1,1,1]'), (3, '[1e18,0,0]'), (4, '[0,1e19,0]'), (5, '[1.8e19,0,0]'), (6, '[2e19,1e19,0]'), (7, '[-3e19,0,0]'), (8, '[1e30,1e30,1e30]'),
	(9, '[3e38,0,0]'), (10, '[3e38,3e38,3e38]'), (11, '[-3e38,-3e38,-3e38]'), (12, '[0,0,-1e20]'), (13, '[1e10,2e10,3e10]'), (14, '[-1e18,-1e18,-1e18]');
CREATE FUNCTION make_far() RETURNS void LANGUAGE plpgsql AS $$
DECLARE server text; metric text; name text;
BEGIN
	FOREACH server IN ARRAY '{s,l3}'::text[] LOOP
		FOREACH metric IN ARRAY '{L2,IP}'::text[] LOOP
			name := lower('far_' || metric || '_' || server);
			PERFORM foreign_like(name, 'far_local', server);
			PERFORM make_collection(name::regclass);
			EXECUTE format('INSERT INTO %I SELECT * FROM far_local', name);
			PERFORM index_and_load(name::regclass, 'e', 'FLAT', metric);
		END LOOP;
	END LOOP;
END $$;
SELECT make_far();
-- to six digits, as servers compute in float4
CREATE FUNCTION shown(d float8) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN abs(d) = 'Infinity' OR d = 'NaN' THEN d::text ELSE to_char(d, '9.99999EEEE') END
$$;
-- %1$s: the table, %2$s: the operator, %3$s: how many; with the number of searches in the plan
CREATE FUNCTION compare_far(statement text, metric text, server text, k integer) RETURNS TABLE (same boolean, searches bigint, here text, there text) LANGUAGE plpgsql AS $$
DECLARE
	operator text := CASE metric WHEN 'l2' THEN '<->' ELSE '<#>' END;
	line text;
BEGIN
	searches := 0;
	EXECUTE format('SELECT array_agg(concat_ws('' '', to_jsonb(x)->>''q'', shown(x.d)))::text FROM (' || statement || ') x', 'far_local', operator, k) INTO here;
	EXECUTE format('SELECT array_agg(concat_ws('' '', to_jsonb(x)->>''q'', shown(x.d)))::text FROM (' || statement || ') x', 'far_' || metric || '_' || server, operator, k) INTO there;
	FOR line IN EXECUTE format('EXPLAIN ' || statement, 'far_' || metric || '_' || server, operator, k) LOOP
		searches := searches + (line LIKE '%Milvus Search: e %')::integer;
	END LOOP;
	same := here = there;
	IF same THEN
		here := NULL;
		there := NULL;
	END IF;
	RETURN NEXT;
END $$;
CREATE TABLE far_queries (q vector(3));
INSERT INTO far_queries VALUES ('[1,2,3]'), ('[0,0,1]'), ('[1e19,0,0]'), ('[3e38,3e38,3e38]'), ('[0,-1e30,0]');
-- what is nearest, in an order of its own
SELECT metric, server, count(*) AS statements, sum(searches) AS searches, count(*) FILTER (WHERE NOT same) AS differ,
		array_agg(DISTINCT format('%s LIMIT %s: %s, not %s', q, k, there, here)) FILTER (WHERE NOT same) AS how
	FROM unnest('{l2,ip}'::text[]) metric, unnest('{s,l3}'::text[]) server, far_queries, unnest('{1,5,20}'::integer[]) k,
		compare_far(format('SELECT e %%2$s %L AS d FROM %%1$s ORDER BY d LIMIT %%3$s', q), metric, server, k)
	GROUP BY metric, server ORDER BY metric, server;
-- for each row of another table, and beyond a row to begin with
SELECT metric, server, k, searches, same, here, there
	FROM unnest('{l2,ip}'::text[]) metric, unnest('{s,l3}'::text[]) server, unnest('{6}'::integer[]) k,
		compare_far('SELECT q, d FROM far_queries, LATERAL (SELECT e %2$s q AS d FROM %1$s ORDER BY d LIMIT %3$s OFFSET 1) near', metric, server, k)
	ORDER BY metric, server, k;
-- within a bound
SELECT metric, server, bound, searches, same, here, there
	FROM unnest('{l2,ip}'::text[]) metric, unnest('{s,l3}'::text[]) server, unnest('{1.7e19}'::float8[]) bound,
		compare_far(format('SELECT e %%2$s ''[1,2,3]'' AS d FROM %%1$s WHERE e %%2$s ''[1,2,3]'' < %L ORDER BY d LIMIT %%3$s', bound), metric, server, 20)
	ORDER BY metric, server, bound;
SELECT count(milvus.drop_collection(t) IS NULL) FROM unnest('{far_l2_s,far_l2_l3,far_ip_s,far_ip_l3}'::regclass[]) t;
DROP TABLE far_local, far_queries;
DROP FUNCTION make_far, compare_far, shown;
DROP SERVER s, l3, l2 CASCADE;
