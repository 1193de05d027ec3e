-- a foreign table like a local one: what milvus.table_ddl() prints is run, and takes the rows
\i sql/servers.psql
SET client_min_messages = warning;
CREATE TYPE ddl_mood AS ENUM ('calm', 'wild');
CREATE DOMAIN ddl_small AS integer CHECK (VALUE < 100);
CREATE TABLE ddl_products (id serial PRIMARY KEY, "Name" varchar(40), price numeric(10,2) NOT NULL, at timestamptz, tags text[], days date[], rates numeric[], mood ddl_mood, small ddl_small, code char(3) NOT NULL, u uuid, j json, d date, f double precision, b boolean, embedding vector(3) NOT NULL);
INSERT INTO ddl_products VALUES (1, 'one', 1.5, '2026-01-02 03:04:05+00', '{a,b}', '{2020-01-01}', '{1.5}', 'wild', 3, 'abc', '123e4567-e89b-12d3-a456-426614174000', '{"a": 1}', '2020-02-02', 2.5, true, '[1,2,3]');
CREATE TABLE ddl_named (code uuid PRIMARY KEY, e vector(2) NOT NULL);
CREATE TABLE ddl_keyless (a integer NOT NULL, b integer NOT NULL, e vector(2) NOT NULL, PRIMARY KEY (a, b));
SELECT milvus.table_ddl('ddl_products', 's');
SELECT milvus.table_ddl('ddl_products', 'l3', name => 'ddl products', collection => 'ddl_l3');
SELECT milvus.table_ddl('ddl_named', 's');
SELECT milvus.table_ddl('ddl_keyless', 's');
SELECT milvus.table_ddl('ddl_products', 's') \gexec
SELECT milvus.table_ddl('ddl_products', 'l3', name => 'ddl products', collection => 'ddl_l3') \gexec
SELECT count(make_collection(t)), count(index_and_load(t, 'embedding', 'FLAT', 'L2')) FROM unnest(ARRAY['ddl_products_milvus', '"ddl products"']::regclass[]) t;
SELECT substring(milvus.table_ddl('ddl_products', 's') FROM '-- (INSERT.*);') \gexec
SELECT substring(milvus.table_ddl('ddl_products', 'l3', name => 'ddl products') FROM '-- (INSERT.*);') \gexec
SELECT row_to_json(t) FROM ddl_products_milvus t;
SET timezone = 'UTC';
SELECT row_to_json(t) FROM "ddl products" t;
SELECT count(milvus.drop_collection(t) IS NULL) FROM unnest(ARRAY['ddl_products_milvus', '"ddl products"']::regclass[]) t;
-- names cannot leave the comments that they are in; a domain over character(n)
CREATE DOMAIN ddl_code AS character(7);
CREATE TYPE "mo
od" AS ENUM ('calm');
CREATE TABLE "ddl_odd
; SELECT 'run' AS in_comment; --" (id bigint PRIMARY KEY, "x
; SELECT 'run' AS in_comment; --" numeric, m "mo
od", c ddl_code, e vector(2) NOT NULL);
SELECT milvus.table_ddl(oid, 's', name => 'ddl_odd_milvus') FROM pg_class WHERE relname ~ '^ddl_odd' AND relkind = 'r';
SELECT milvus.table_ddl(oid, 's', name => 'ddl_odd_milvus') FROM pg_class WHERE relname ~ '^ddl_odd' AND relkind = 'r' \gexec
DROP FOREIGN TABLE ddl_odd_milvus;
DROP TABLE "ddl_odd
; SELECT 'run' AS in_comment; --";
DROP TABLE ddl_products, ddl_named, ddl_keyless;
DROP SERVER s, l3, l2 CASCADE;
