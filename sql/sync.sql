-- doc/writing.md: a collection kept in step with a local table
\i sql/servers.psql
CREATE TABLE docs (id bigint PRIMARY KEY, title varchar(100) NOT NULL, embedding vector(3) NOT NULL);
CREATE FOREIGN TABLE docs_milvus (id bigint NOT NULL, title varchar(100) NOT NULL, embedding vector(3) NOT NULL)
	SERVER s OPTIONS (collection 'sync_docs', insert_mode 'upsert');
SELECT make_collection('docs_milvus'), index_and_load('docs_milvus', 'embedding', 'FLAT', 'L2') \gset ignored
CREATE TABLE docs_changed (id bigint NOT NULL);
CREATE FUNCTION docs_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP <> 'INSERT' THEN INSERT INTO docs_changed SELECT id FROM gone; END IF;
	IF TG_OP <> 'DELETE' THEN INSERT INTO docs_changed SELECT id FROM come; END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER note_insert AFTER INSERT ON docs REFERENCING NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION docs_note();
CREATE TRIGGER note_update AFTER UPDATE ON docs REFERENCING OLD TABLE AS gone NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION docs_note();
CREATE TRIGGER note_delete AFTER DELETE ON docs REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION docs_note();

-- at the commit: the first row noted sends all, the others find nothing left to do
CREATE FUNCTION docs_send() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM docs_changed) THEN RETURN NULL; END IF;
	DELETE FROM docs_milvus WHERE id IN (SELECT id FROM docs_changed EXCEPT SELECT id FROM docs);
	INSERT INTO docs_milvus SELECT * FROM docs WHERE id IN (SELECT id FROM docs_changed);
	DELETE FROM docs_changed;
	RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER send AFTER INSERT ON docs_changed DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION docs_send();

CREATE VIEW differ AS (SELECT 'here' AS only, * FROM (SELECT id, title, embedding::text FROM docs EXCEPT SELECT id, title, embedding::text FROM docs_milvus) x)
	UNION ALL (SELECT 'there', * FROM (SELECT id, title, embedding::text FROM docs_milvus EXCEPT SELECT id, title, embedding::text FROM docs) x);
INSERT INTO docs SELECT i, 'title ' || i, ARRAY[i, 1, 0]::real[]::vector FROM generate_series(1, 100) i;
SELECT count(*) FROM docs_milvus;
BEGIN;
UPDATE docs SET title = upper(title) WHERE id <= 10;
DELETE FROM docs WHERE id BETWEEN 5 AND 20;
INSERT INTO docs VALUES (5, 'again', '[0,0,1]'), (101, 'new', '[0,0,1]');
UPDATE docs SET id = 1000 WHERE id = 100;
-- not yet
SELECT count(*) FROM differ;
COMMIT;
SELECT * FROM differ;
SELECT id, title FROM docs_milvus WHERE id < 7 OR id > 98 ORDER BY id;
BEGIN;
DELETE FROM docs;
ROLLBACK;
SELECT count(*) FROM docs_milvus;
-- whoever is not there, the transaction fails
ALTER SERVER s OPTIONS (SET port '1');
SELECT milvus.disconnect('s') \gset ignored
\set VERBOSITY sqlstate
UPDATE docs SET title = 'lost' WHERE id = 1;
\set VERBOSITY default
ALTER SERVER s OPTIONS (SET port :'s_port');
SELECT id, title FROM docs WHERE id = 1 UNION ALL SELECT id, title FROM docs_milvus WHERE id = 1;
-- what others change is found and mended
DELETE FROM docs_milvus WHERE id = 1;
UPDATE docs_milvus SET title = 'other' WHERE id = 2;
INSERT INTO docs_milvus VALUES (5000, 'alien', '[1,1,1]');
SELECT * FROM differ ORDER BY 1, 2;
DELETE FROM docs_milvus m WHERE NOT EXISTS (SELECT FROM docs d WHERE d.id = m.id);
INSERT INTO docs_milvus SELECT * FROM docs EXCEPT SELECT * FROM docs_milvus;
SELECT * FROM differ;
SELECT milvus.drop_collection('docs_milvus') \gset ignored
SET client_min_messages = warning;
DROP TABLE docs, docs_changed CASCADE;
DROP FUNCTION docs_note, docs_send;
DROP SERVER s, l3, l2 CASCADE;
