-- doc/cookbook.md: a collection kept in step with a local table
\i sql/servers.psql
CREATE TABLE books (id bigint PRIMARY KEY, title varchar(100) NOT NULL, embedding vector(3) NOT NULL);
CREATE FOREIGN TABLE books_milvus (id bigint NOT NULL, title varchar(100) NOT NULL, embedding vector(3) NOT NULL)
	SERVER s OPTIONS (collection 'sync_books', insert_mode 'upsert', write_mode 'commit');
SELECT make_collection('books_milvus'), index_and_load('books_milvus', 'embedding', 'FLAT', 'L2') \gset ignored
CREATE UNLOGGED TABLE books_changed (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ids bigint[] NOT NULL);
CREATE FUNCTION books_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP IN ('UPDATE', 'DELETE') THEN INSERT INTO books_changed (ids) SELECT array_agg(id) FROM gone HAVING count(*) > 0; END IF;
	IF TG_OP IN ('INSERT', 'UPDATE') THEN INSERT INTO books_changed (ids) SELECT array_agg(id) FROM come HAVING count(*) > 0; END IF;
	IF TG_OP = 'TRUNCATE' THEN INSERT INTO books_changed (ids) SELECT array_agg(id) FROM books HAVING count(*) > 0; END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER note_insert AFTER INSERT ON books REFERENCING NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION books_note();
CREATE TRIGGER note_update AFTER UPDATE ON books REFERENCING OLD TABLE AS gone NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION books_note();
CREATE TRIGGER note_delete AFTER DELETE ON books REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION books_note();
CREATE TRIGGER note_truncate BEFORE TRUNCATE ON books FOR EACH STATEMENT EXECUTE FUNCTION books_note();

-- at the commit: the first note sends all, the others find themselves gone
CREATE FUNCTION books_send() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE changed bigint[]; gone bigint[];
BEGIN
	IF NOT EXISTS (SELECT FROM books_changed WHERE n = NEW.n) THEN RETURN NULL; END IF;
	WITH note AS (DELETE FROM books_changed RETURNING ids) SELECT array_agg(DISTINCT id) INTO changed FROM note, unnest(ids) id;
	gone := ARRAY(SELECT unnest(changed) EXCEPT SELECT id FROM books WHERE id = ANY (changed));
	DELETE FROM books_milvus WHERE id = ANY (gone);
	INSERT INTO books_milvus SELECT * FROM books WHERE id = ANY (changed);
	RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER send AFTER INSERT ON books_changed DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION books_send();

CREATE VIEW differ AS (SELECT 'here' AS only, * FROM (SELECT id, title, embedding::text FROM books EXCEPT SELECT id, title, embedding::text FROM books_milvus) x)
	UNION ALL (SELECT 'there', * FROM (SELECT id, title, embedding::text FROM books_milvus EXCEPT SELECT id, title, embedding::text FROM books) x);
INSERT INTO books SELECT i, 'title ' || i, ARRAY[i, 1, 0]::real[]::vector FROM generate_series(1, 100) i;
SELECT count(*) FROM books_milvus;
BEGIN;
UPDATE books SET title = upper(title) WHERE id <= 10;
DELETE FROM books WHERE id BETWEEN 5 AND 20;
INSERT INTO books VALUES (5, 'again', '[0,0,1]'), (101, 'new', '[0,0,1]');
UPDATE books SET id = 1000 WHERE id = 100;
-- not yet
SELECT count(*) FROM differ;
COMMIT;
SELECT * FROM differ;
SELECT id, title FROM books_milvus WHERE id < 7 OR id > 98 ORDER BY id;
BEGIN;
DELETE FROM books;
ROLLBACK;
SELECT count(*) FROM books_milvus;
-- TRUNCATE, ON CONFLICT, a statement that changes nothing
BEGIN;
TRUNCATE books;
INSERT INTO books VALUES (1, 'first', '[1,0,0]'), (2, 'second', '[0,1,0]');
UPDATE books SET title = 'none' WHERE id = 7;
COMMIT;
INSERT INTO books VALUES (2, 'second', '[0,1,0]'), (3, 'third', '[0,0,1]') ON CONFLICT (id) DO UPDATE SET title = upper(excluded.title);
SELECT id, title FROM books_milvus ORDER BY id;
-- a later failure of the same commit: nothing is sent
CREATE TABLE checked (id bigint REFERENCES books DEFERRABLE INITIALLY DEFERRED);
BEGIN;
UPDATE books SET title = 'not sent' WHERE id = 1;
INSERT INTO checked VALUES (-1);
COMMIT;
SELECT * FROM differ;
-- many statements are sent at once, and rows are looked up by key, whatever the size of the table
INSERT INTO books SELECT i, 'title ' || i, ARRAY[i, 1, 0]::real[]::vector FROM generate_series(10, 4000) i;
ANALYZE books;
BEGIN;
DO $$ BEGIN FOR i IN 1001 .. 1100 LOOP UPDATE books SET title = 'changed' WHERE id = i; END LOOP; END $$;
DELETE FROM books WHERE id = 3000;
SELECT requests FROM milvus.connections WHERE server = 's' \gset before_
SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'books' \gset before_
SET CONSTRAINTS send IMMEDIATE;
SELECT seq_scan - :before_seq_scan AS whole_reads FROM pg_stat_xact_user_tables WHERE relname = 'books';
COMMIT;
SELECT requests - :before_requests < 40 AS sent_together FROM milvus.connections WHERE server = 's';
SELECT count(*) FROM differ;
SELECT count(*) FROM books_milvus WHERE title = 'changed';
DELETE FROM books WHERE id > 2;
-- whoever is not there, the transaction fails
ALTER SERVER s OPTIONS (SET port '1');
SELECT milvus.disconnect('s') \gset ignored
\set VERBOSITY sqlstate
UPDATE books SET title = 'lost' WHERE id = 1;
\set VERBOSITY default
ALTER SERVER s OPTIONS (SET port :'s_port');
SELECT id, title FROM books WHERE id = 1 UNION ALL SELECT id, title FROM books_milvus WHERE id = 1;
-- what others change is found and mended
DELETE FROM books_milvus WHERE id = 1;
UPDATE books_milvus SET title = 'other' WHERE id = 2;
INSERT INTO books_milvus VALUES (5000, 'alien', '[1,1,1]');
SELECT * FROM differ ORDER BY 1, 2;
DELETE FROM books_milvus m WHERE NOT EXISTS (SELECT FROM books d WHERE d.id = m.id);
INSERT INTO books_milvus SELECT * FROM books EXCEPT SELECT * FROM books_milvus;
SELECT * FROM differ;
SELECT milvus.drop_collection('books_milvus') \gset ignored
SET client_min_messages = warning;
DROP TABLE books, books_changed, checked CASCADE;
DROP FUNCTION books_note, books_send;
DROP SERVER s, l3, l2 CASCADE;
