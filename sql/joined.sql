-- several conditions on one value: servers join them, and not all of them right; the same rows as from a local table
\i sql/servers.psql
SET client_min_messages = error;
CREATE TABLE joined_local (id bigint PRIMARY KEY, n integer NOT NULL, again integer NOT NULL, k bigint, k_again bigint, s text);
INSERT INTO joined_local SELECT i, i % 6, i % 6, nullif(i % 7, 6), nullif(i % 7, 6), chr(97 + i % 5) FROM generate_series(1, 42) i;
CREATE FOREIGN TABLE joined_s (id bigint NOT NULL, n integer NOT NULL, s varchar(10), "$meta" jsonb OPTIONS (field '$meta') NOT NULL, e vector(2) NOT NULL) SERVER s;
SELECT make_collection('joined_s'), index_and_load('joined_s', 'e', 'FLAT', 'L2');
INSERT INTO joined_s SELECT id, n, s, CASE WHEN k IS NULL THEN '{}' ELSE jsonb_build_object('k', k) END, '[1,2]' FROM joined_local;
-- two columns on one field, and on one key
ALTER FOREIGN TABLE joined_s ADD again integer OPTIONS (field 'n') NOT NULL, ADD k bigint OPTIONS (dynamic_key 'k'), ADD k_again bigint OPTIONS (dynamic_key 'k');
CREATE TABLE conditions (condition text);
INSERT INTO conditions VALUES
	('k IN (1, 2) AND k IN (3, 4) AND k = 3'), ('k = 3 AND k IN (3, 4) AND k IN (1, 2)'), ('k IN (1, 2) AND k_again IN (3, 4) AND k = 3'),
	('(k = 1 OR k = 2) AND k IN (3, 4) AND k = 3'), ('k IN (1, 3) AND k IN (3, 4) AND k = 3'), ('k IN (1, 2, 3) AND k IN (3, 4)'), ('k = 3 AND k = 4 AND k IN (3, 4)'),
	('n IN (1, 2) AND n IN (3, 4) AND n = 3'), ('n IN (1, 2) AND again IN (3, 4) AND again = 3'), ('n IN (1, 2) OR again <> 1'), ('n = 1 OR again <> 1'),
	('(n > 1 AND n < 5) OR (again >= 1 AND again < 3)'), ('k IN (1, 2, 5) AND k_again >= 2'), ('k IN (1, 2) OR k_again NOT IN (1, 5)'), ('NOT (k IN (1, 2) AND k IN (3, 4) AND k = 3)'),
	('s IN (''a'', ''b'') AND s IN (''c'', ''d'') AND s LIKE ''c'''), ('s LIKE ''a'' OR s LIKE ''b'' OR s <> ''a'''), ('s IN (''a'', ''b'', ''c'') AND s IN (''c'', ''d'') AND s LIKE ''c%''');
CREATE FUNCTION joined(rel regclass, condition text) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE result bigint[];
BEGIN
	EXECUTE format('SELECT array_agg(id ORDER BY id) FROM %s WHERE %s', rel, condition) INTO result;
	RETURN result;
END $$;
SELECT condition, joined('joined_local', condition) AS here, joined('joined_s', condition) AS there FROM conditions
	WHERE joined('joined_local', condition) IS DISTINCT FROM joined('joined_s', condition);
SELECT condition, cardinality(joined('joined_local', condition)) AS rows FROM conditions WHERE joined('joined_local', condition) IS NOT NULL;
SELECT milvus.drop_collection('joined_s');
DROP TABLE joined_local, conditions;
DROP FUNCTION joined;
DROP SERVER s, l3, l2 CASCADE;
