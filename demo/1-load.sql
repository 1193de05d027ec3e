-- Run by dev/demo, in the folder of the files that copydata.py made, with the
-- variables milvus_port and has_words (can the server rank texts by words?).
\set QUIET on
\timing on
\set QUIET off

\echo
\echo '=== The extensions, and a Milvus server'
CREATE EXTENSION vector;
CREATE EXTENSION milvus_fdw;
CREATE SERVER milvus FOREIGN DATA WRAPPER milvus_fdw
	OPTIONS (host '127.0.0.1', port :'milvus_port');
CREATE USER MAPPING FOR CURRENT_USER SERVER milvus;

\echo
\echo '=== Ordinary tables: the packages with their embeddings, search phrases, what this machine has installed'
CREATE TABLE packages_local (
	name text PRIMARY KEY, section text NOT NULL, installed_size integer NOT NULL,
	priority text NOT NULL, description text NOT NULL, embedding vector(384) NOT NULL);
CREATE TABLE phrases (phrase text PRIMARY KEY, embedding vector(384) NOT NULL);
CREATE TABLE installed (name text PRIMARY KEY, version text NOT NULL);
\copy packages_local FROM 'packages.copy'
\copy phrases FROM 'phrases.copy'
\copy installed FROM 'installed.copy'
ANALYZE;

\echo
\echo '=== A foreign table, and its collection in Milvus'
CREATE FOREIGN TABLE packages (
	id bigint NOT NULL,
	name varchar(100) NOT NULL,
	section varchar(50) NOT NULL,
	installed_size integer NOT NULL,
	priority varchar(20) NOT NULL,
	description varchar(500) NOT NULL,
	embedding vector(384) NOT NULL
) SERVER milvus;
\if :has_words
ALTER FOREIGN TABLE packages ALTER COLUMN description OPTIONS (ADD full_text 'true');
\endif
SELECT milvus.create_collection('packages');

\echo
\echo '=== All packages into Milvus, in one statement'
INSERT INTO packages
	SELECT row_number() OVER (ORDER BY name), name, section, installed_size, priority, description, embedding
	FROM packages_local;
SELECT milvus.flush('packages');

\echo
\echo '=== An index for the searches; then Milvus loads the collection'
SELECT milvus.create_index('packages', 'embedding', 'HNSW', 'COSINE', '{"M": 16, "efConstruction": 200}');
\if :has_words
SELECT milvus.create_index('packages', 'description');
\endif
SELECT milvus.load('packages');

\echo
\echo '=== The other way round: foreign tables for what a Milvus server has'
CREATE SCHEMA imported;
IMPORT FOREIGN SCHEMA "default" FROM SERVER milvus INTO imported;
