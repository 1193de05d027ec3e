-- a statement means one collection from its start to its end, whatever becomes of the alias that names it
\i sql/servers.psql
\i sql/try.psql
SET client_min_messages = warning;
-- two collections of a kind, told apart by n, and an alias that is switched from the one to the other
CREATE FUNCTION make_pair(server_ text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE side text;
BEGIN
	-- what a broken run may have left
	BEGIN
		PERFORM milvus.drop_alias(server_, 'alias_docs');
	EXCEPTION WHEN OTHERS THEN
	END;
	FOREACH side IN ARRAY '{one,two}'::text[] LOOP
		BEGIN
			PERFORM milvus.drop_collection(server => server_, collection => 'alias_' || side);
		EXCEPTION WHEN OTHERS THEN
		END;
	END LOOP;
	FOREACH side IN ARRAY '{one,two}'::text[] LOOP
		EXECUTE format('CREATE FOREIGN TABLE %I (id bigint NOT NULL, n integer NOT NULL, e vector(2) NOT NULL) SERVER %I OPTIONS (collection %L, consistency_level ''strong'')',
			side || '_' || server_, server_, 'alias_' || side);
		PERFORM milvus.create_collection((side || '_' || server_)::regclass);
		PERFORM milvus.create_index((side || '_' || server_)::regclass, 'e', 'FLAT', 'L2');
		PERFORM milvus.load((side || '_' || server_)::regclass);
		EXECUTE format('INSERT INTO %I SELECT i, %s, ''[1,1]'' FROM generate_series(1, 1000) i', side || '_' || server_, CASE side WHEN 'one' THEN 1 ELSE 2 END);
	END LOOP;
	PERFORM milvus.create_alias(('one_' || server_)::regclass, 'alias_docs');
	EXECUTE format('CREATE FOREIGN TABLE %I (id bigint NOT NULL, n integer NOT NULL, e vector(2) NOT NULL) SERVER %I OPTIONS (collection ''alias_docs'', consistency_level ''strong'', fetch_size ''100'')',
		'docs_' || server_, server_);
END $$;
-- at the row 150 it is switched to the other collection
CREATE FUNCTION switch(server_ text, id bigint, side text) RETURNS boolean VOLATILE LANGUAGE plpgsql AS $$
BEGIN
	IF id = 150 THEN
		PERFORM milvus.alter_alias((side || '_' || server_)::regclass, 'alias_docs');
	END IF;
	RETURN true;
END $$;
SELECT make_pair('s'), make_pair('l3');

-- all rows are of one collection, and the next statement's are of the other
SELECT count(*), min(n), max(n) FROM docs_s WHERE switch('s', id, 'two');
SELECT count(*), min(n), max(n) FROM docs_s WHERE switch('s', id, 'one');
SELECT count(*), min(n), max(n) FROM docs_l3 WHERE switch('l3', id, 'two');
SELECT count(*), min(n), max(n) FROM docs_l3 WHERE switch('l3', id, 'one');
-- both sides of a join, and each execution of a subquery
SELECT count(*), min(b.n), max(b.n) FROM docs_s a JOIN docs_s b USING (id) WHERE switch('s', a.id, 'two');
SELECT count(*), min(b.n), max(b.n) FROM docs_s a CROSS JOIN LATERAL (SELECT n FROM docs_s d WHERE d.id = a.id + 1 OFFSET 0) b WHERE a.id < 200 AND switch('s', a.id, 'one');
-- a cursor over its FETCHes
BEGIN;
DECLARE c CURSOR FOR SELECT n FROM docs_s;
FETCH 1 FROM c;
SELECT milvus.alter_alias('two_s', 'alias_docs');
MOVE 500 FROM c;
FETCH 1 FROM c;
SELECT n FROM docs_s LIMIT 1;
COMMIT;
-- what is read is what is changed
UPDATE docs_s SET n = n + 10 WHERE switch('s', id, 'one');
SELECT (SELECT array_agg(DISTINCT n) FROM one_s) AS one, (SELECT array_agg(DISTINCT n) FROM two_s) AS two;
DELETE FROM docs_s WHERE n = 1 AND id <= 300 AND switch('s', id, 'two');
SELECT (SELECT count(*) FROM one_s) AS one, (SELECT count(*) FROM two_s) AS two;
EXPLAIN (COSTS OFF) SELECT * FROM docs_s;
-- a session sees what it wrote by the one name under the other
ALTER FOREIGN TABLE docs_s OPTIONS (DROP consistency_level);
ALTER FOREIGN TABLE two_s OPTIONS (DROP consistency_level);
DO $$
BEGIN
	FOR i IN 1..5 LOOP
		INSERT INTO docs_s VALUES (2000 + i, 7, '[1,1]');
		IF (SELECT count(*) FROM two_s WHERE id > 2000) <> i THEN
			RAISE EXCEPTION 'of % rows only % are seen', i, (SELECT count(*) FROM two_s WHERE id > 2000);
		END IF;
		DELETE FROM two_s WHERE id = i;
		IF EXISTS (SELECT FROM docs_s WHERE id = i) THEN
			RAISE EXCEPTION 'a deleted row is still seen';
		END IF;
	END LOOP;
END $$;

-- what waits for the commit goes where its statement began, whatever the alias means by then
SELECT milvus.alter_alias('one_l3', 'alias_docs');
ALTER FOREIGN TABLE docs_l3 OPTIONS (ADD write_mode 'commit');
BEGIN;
INSERT INTO docs_l3 VALUES (3001, 8, '[1,1]');
SELECT milvus.alter_alias('two_l3', 'alias_docs');
INSERT INTO docs_l3 VALUES (3002, 8, '[1,1]');
SELECT milvus.alter_alias('one_l3', 'alias_docs');
COMMIT;
SELECT (SELECT array_agg(id) FROM one_l3 WHERE n = 8) AS one, (SELECT array_agg(id) FROM two_l3 WHERE n = 8) AS two;
ALTER FOREIGN TABLE docs_l3 OPTIONS (DROP write_mode);

-- a collection that is dropped, and made again under its name, is another one
CREATE FUNCTION make_again(id bigint) RETURNS boolean VOLATILE LANGUAGE plpgsql AS $$
BEGIN
	IF id = 150 THEN
		PERFORM milvus.drop_collection('two_s'), milvus.create_collection('two_s'), milvus.create_index('two_s', 'e', 'FLAT', 'L2'), milvus.load('two_s');
		INSERT INTO two_s SELECT i, 3, '[1,1]' FROM generate_series(1, 500) i;
	END IF;
	RETURN true;
END $$;
SELECT milvus.alter_alias('one_s', 'alias_docs');
ALTER FOREIGN TABLE two_s OPTIONS (ADD fetch_size '100');
SELECT try('SELECT count(*) FROM two_s WHERE make_again(id)');
SELECT count(*), min(n), max(n) FROM two_s;
SELECT milvus.drop_alias('s', 'alias_docs'), milvus.drop_collection('one_s'), milvus.drop_collection('two_s');
SELECT milvus.drop_alias('l3', 'alias_docs'), milvus.drop_collection('one_l3'), milvus.drop_collection('two_l3');
DROP FOREIGN TABLE one_s, two_s, docs_s, one_l3, two_l3, docs_l3;
DROP FUNCTION try(text), make_pair(text), switch(text, bigint, text), make_again(bigint);
