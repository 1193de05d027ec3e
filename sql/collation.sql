-- collations that ignore case; a PostgreSQL built without ICU has none (collation_1.out)
\i sql/servers.psql
SELECT count(*) = 0 AS without_icu FROM pg_collation WHERE collname = 'en-x-icu' \gset
\if :without_icu
\quit
\endif
-- keys that a collation takes for equal are not unique
CREATE COLLATION collation_nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE FOREIGN TABLE collation_keys (id varchar(10) COLLATE collation_nocase NOT NULL, e vector(2) NOT NULL) SERVER s;
SELECT make_collection('collation_keys');
INSERT INTO collation_keys VALUES ('a', '[1,2]'), ('A', '[1,2]'), ('b', '[1,2]');
SELECT index_and_load('collation_keys', 'e', 'FLAT', 'L2');
SELECT count(*) FROM (VALUES ('a' COLLATE collation_nocase), ('c')) l(id) JOIN collation_keys f ON f.id = l.id;
SELECT milvus.drop_collection('collation_keys');
DROP FOREIGN TABLE collation_keys;
DROP COLLATION collation_nocase;
DROP SERVER s, l3, l2 CASCADE;
