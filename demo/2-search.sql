-- Run by dev/demo, with the variable has_words; changes nothing, so it may be run again.
-- distances with four digits
\set QUIET on
\set ECHO none
SET extra_float_digits = -11;
\timing on
\set ECHO queries
\set QUIET off

\echo
\echo '=== Packages like gimp (cosine distance: 1 - similarity)'
SELECT name, section, left(description, 60) AS description,
	embedding <=> (SELECT embedding FROM packages WHERE name = 'gimp') AS distance
FROM packages
WHERE name <> 'gimp'
ORDER BY distance
LIMIT 10;

\echo
\echo '=== A search phrase'
SELECT name, section, left(description, 60) AS description,
	embedding <=> (SELECT embedding FROM phrases WHERE phrase = 'edit photos and draw pictures') AS distance
FROM packages
ORDER BY distance
LIMIT 5;

\echo
\echo '=== A search phrase, among the small packages of two sections'
SELECT name, section, installed_size, left(description, 60) AS description,
	embedding <=> (SELECT embedding FROM phrases WHERE phrase = 'a text editor for the terminal') AS distance
FROM packages
WHERE section IN ('editors', 'utils') AND installed_size < 5000
ORDER BY distance
LIMIT 5;

\echo
\echo '=== A search for each of several phrases: the nearest package'
SELECT p.phrase, n.name, left(n.description, 60) AS description
FROM (SELECT * FROM phrases ORDER BY phrase LIMIT 8) p
CROSS JOIN LATERAL (SELECT name, description FROM packages ORDER BY embedding <=> p.embedding LIMIT 1) n
ORDER BY p.phrase;

\echo
\echo '=== Near to two packages at once: two searches, ranked as one'
SELECT name, left(description, 60) AS description,
	milvus.rrf(ARRAY[embedding <=> (SELECT embedding FROM packages_local WHERE name = 'gimp'),
		embedding <=> (SELECT embedding FROM packages_local WHERE name = 'ffmpeg')]) AS rank
FROM packages
ORDER BY rank
LIMIT 5;

\if :has_words
\echo
\echo '=== By words: full text'
SET search_path = public, milvus;
SELECT name, left(description, 60) AS description, description <@> 'photo editor' AS rank
FROM packages
WHERE description <@> 'photo editor' < 0
ORDER BY rank
LIMIT 5;

\echo
\echo '=== Hybrid: by words and by meaning'
SELECT name, left(description, 60) AS description,
	rrf(ARRAY[embedding <=> (SELECT embedding FROM phrases WHERE phrase = 'edit photos and draw pictures'),
		description <@> 'photo editor']) AS rank
FROM packages
ORDER BY rank
LIMIT 5;
\endif

\echo
\echo '=== A join with a local table: the packages nearest to what is installed on this machine'
SELECT i.name AS installed, left(l.description, 40) AS description, n.name AS nearest, n.distance
FROM installed i
JOIN packages_local l USING (name)
CROSS JOIN LATERAL (
	SELECT name, embedding <=> l.embedding AS distance FROM packages
	WHERE name <> i.name ORDER BY distance LIMIT 1
) n
ORDER BY n.distance, i.name
LIMIT 8;

\echo
\echo '=== No search: Milvus filters, PostgreSQL groups'
SELECT section, count(*), round(avg(installed_size)) AS average_kib
FROM packages
WHERE installed_size > 100000
GROUP BY section
ORDER BY count(*) DESC, section
LIMIT 5;

\set QUIET on
\timing off
\set QUIET off

\echo
\echo '=== What goes to Milvus: a search, and one with a filter'
EXPLAIN (COSTS OFF)
SELECT name, section, left(description, 60) AS description,
	embedding <=> (SELECT embedding FROM phrases WHERE phrase = 'edit photos and draw pictures') AS distance
FROM packages
ORDER BY distance
LIMIT 5;
EXPLAIN (COSTS OFF)
SELECT name, section, installed_size, left(description, 60) AS description,
	embedding <=> (SELECT embedding FROM phrases WHERE phrase = 'a text editor for the terminal') AS distance
FROM packages
WHERE section IN ('editors', 'utils') AND installed_size < 5000
ORDER BY distance
LIMIT 5;

\echo
\echo '=== What Milvus tells of itself'
SELECT collection, rows, load_state, consistency_level, shards, partitions, created FROM milvus.collections WHERE server = 'milvus';
SELECT position, field, data_type, column_type, primary_key, type_params FROM milvus.fields
WHERE server = 'milvus' ORDER BY collection, position;
SELECT collection, field, index_type, metric_type, params, state, indexed_rows FROM milvus.indexes WHERE server = 'milvus';
SELECT server, healthy, quota_states, error FROM milvus.health;
SELECT server, address, server_version, dialect, state, requests FROM milvus.connections;

\echo
\echo '=== What one can have it do: a second name for the collection'
SELECT name, description FROM milvus.help('alias');
SELECT milvus.create_alias('packages', 'debian');
SELECT collection, alias FROM milvus.aliases WHERE server = 'milvus';
SELECT milvus.drop_alias('milvus', 'debian');

\echo
\echo '=== A table that IMPORT FOREIGN SCHEMA made'
\d imported.packages
SELECT id, name, section FROM imported.packages WHERE name LIKE 'postgresql%' ORDER BY name LIMIT 3;
