-- options are checked when they are set
\i sql/servers.psql
SET client_min_messages = warning;
\set VERBOSITY default
CREATE SERVER o FOREIGN DATA WRAPPER milvus_fdw OPTIONS (hots 'x');
CREATE SERVER o FOREIGN DATA WRAPPER milvus_fdw OPTIONS (user 'x');
CREATE SERVER o FOREIGN DATA WRAPPER milvus_fdw OPTIONS (port '0');
CREATE SERVER o FOREIGN DATA WRAPPER milvus_fdw OPTIONS (port '19530x');
CREATE SERVER o FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host '');
CREATE SERVER o FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host 'https://in01-1234.api.example.com:443');
CREATE SERVER o FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host 'localhost:19530');
CREATE SERVER o FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host 'unix:tmp');
CREATE SERVER o FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host '[::1]:19530');
CREATE SERVER o FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host '::1');
ALTER SERVER o OPTIONS (SET host '[fe80::1%eth0]');
DROP SERVER o;
CREATE SERVER o FOREIGN DATA WRAPPER milvus_fdw OPTIONS (sslmode 'require');
CREATE SERVER o FOREIGN DATA WRAPPER milvus_fdw OPTIONS (sslrootcert 'ca.pem');
CREATE SERVER o FOREIGN DATA WRAPPER milvus_fdw OPTIONS (sslcert '/c.pem');
CREATE SERVER o FOREIGN DATA WRAPPER milvus_fdw OPTIONS (connect_timeout '-1');
CREATE SERVER o FOREIGN DATA WRAPPER milvus_fdw OPTIONS (consistency_level 'exact');
CREATE SERVER o FOREIGN DATA WRAPPER milvus_fdw OPTIONS (search_params 'ef=1');
CREATE SERVER o FOREIGN DATA WRAPPER milvus_fdw OPTIONS (updatable 'maybe');
CREATE SERVER o FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host 'localhost', port '1', connect_timeout '2', keep_connections 'off',
	consistency_level 'Strong', search_params '{"ef": 1}', insert_mode 'upsert', fetch_size '10', batch_size '10', dbname 'x', updatable 'no');
CREATE USER MAPPING FOR CURRENT_USER SERVER o OPTIONS (password 'x');
CREATE USER MAPPING FOR CURRENT_USER SERVER o OPTIONS (user 'a', password 'x', token 'y');
CREATE USER MAPPING FOR CURRENT_USER SERVER o OPTIONS (host 'a');
CREATE USER MAPPING FOR CURRENT_USER SERVER o OPTIONS (user 'a', password 'x');
CREATE FOREIGN TABLE t (id bigint) SERVER o OPTIONS (colection 'x');
CREATE FOREIGN TABLE t (id bigint) SERVER o OPTIONS (insert_mode 'replace');
CREATE FOREIGN TABLE t (id bigint) SERVER o OPTIONS (fetch_size '0');
ALTER SERVER o OPTIONS (ADD max_message '1kB');
ALTER SERVER o OPTIONS (ADD max_message '2GB');
ALTER SERVER o OPTIONS (ADD max_message 'much');
CREATE FOREIGN TABLE t (id bigint OPTIONS (feld 'x')) SERVER o;
CREATE FOREIGN TABLE t (e real[] OPTIONS (dim '0')) SERVER o;
CREATE FOREIGN TABLE t (id bigint OPTIONS (field 'x', dynamic_key 'y')) SERVER o;
CREATE FOREIGN DATA WRAPPER other HANDLER milvus_fdw_handler VALIDATOR milvus_fdw_validator OPTIONS (x 'y');
-- nobody there: at once, with where and why
CREATE FOREIGN TABLE t (id bigint) SERVER o;
\set VERBOSITY sqlstate
SELECT * FROM t;
\set VERBOSITY default
-- no user mapping
DROP USER MAPPING FOR CURRENT_USER SERVER o;
\set VERBOSITY sqlstate
SELECT * FROM t;
\set VERBOSITY default
-- files are not for everybody
CREATE ROLE milvus_owner;
GRANT USAGE ON FOREIGN DATA WRAPPER milvus_fdw TO milvus_owner;
SET ROLE milvus_owner;
CREATE SERVER owned FOREIGN DATA WRAPPER milvus_fdw OPTIONS (sslrootcert '/etc/ssl/ca.pem');
CREATE SERVER owned FOREIGN DATA WRAPPER milvus_fdw;
CREATE USER MAPPING FOR CURRENT_USER SERVER owned OPTIONS (user 'a', password_file '/etc/passwd');
CREATE USER MAPPING FOR CURRENT_USER SERVER owned OPTIONS (password_required 'false');
RESET ROLE;
DROP OWNED BY milvus_owner CASCADE;
DROP ROLE milvus_owner;
DROP SERVER o, s, l3, l2 CASCADE;
