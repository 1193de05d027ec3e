# What doc/production.md says of rights, dumps and a hot standby.
use strict;
use warnings;
use lib '.';
use MilvusTap;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $port = need_port('MILVUS_S_PORT', 'MILVUS_L3_PORT');
my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 1);
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION milvus_fdw');
add_server($node, 'm', $port, undef, "user 'root', password 'Milvus'");
my $collection = make_table($node, 'm', 'docs', 3);
my $files = PostgreSQL::Test::Utils::tempdir();

# What a user is told: the rows, or the error's SQLSTATE.
sub as_user
{
	my ($on, $user, $sql, $database) = @_;
	my ($rc, $out, $err) = $on->psql($database // 'postgres', "\\set VERBOSITY sqlstate\n$sql", extra_params => [ '-U', $user ]);
	return $err =~ /ERROR:\s+(\w{5})/ ? $1 : $out;
}

# --- rights: who may read, write, administer ---
$node->safe_psql('postgres', q{
	CREATE ROLE reader LOGIN; CREATE ROLE writer LOGIN; CREATE ROLE admin LOGIN; CREATE ROLE maker LOGIN;
	CREATE USER MAPPING FOR reader SERVER m OPTIONS (user 'root', password 'sEcr3tReader');
	CREATE USER MAPPING FOR PUBLIC SERVER m OPTIONS (user 'root', password 'sEcr3tPublic');
	GRANT SELECT ON docs TO reader;
	GRANT SELECT, INSERT, UPDATE, DELETE ON docs TO writer;
	GRANT USAGE ON FOREIGN SERVER m TO admin, maker;
	GRANT EXECUTE ON FUNCTION milvus.flush, milvus.load TO admin;
	CREATE SCHEMA maker AUTHORIZATION maker});
my $count = 'SELECT count(*) FROM docs';
is(as_user($node, 'reader', $count), '3', 'a reader needs SELECT and a mapping, no USAGE');
is(as_user($node, 'reader', 'DELETE FROM docs'), '42501', '... and may not write');
is(as_user($node, 'reader', 'CREATE FOREIGN TABLE x (id bigint) SERVER m'), '42501', '... nor make tables');
is(as_user($node, 'reader', "SELECT milvus.get('m', 'ShowCollections')"), '42501', '... nor ask the server');
is(as_user($node, 'writer', 'INSERT INTO docs VALUES (4, 4, ARRAY[4, 1]); UPDATE docs SET n = 5 WHERE id = 4; DELETE FROM docs WHERE id = 4; ' . $count),
	'3', 'a writer');
is(as_user($node, 'writer', 'TRUNCATE docs'), '42501', 'TRUNCATE is a right of its own');
is(as_user($node, 'writer', "SELECT milvus.flush('docs')"), '42501', 'a writer does not administer');
is(as_user($node, 'admin', "SELECT milvus.load(server => 'm', collection => '$collection')"), '', 'who is granted a function may execute it');
is(as_user($node, 'admin', "SELECT milvus.drop_collection(server => 'm', collection => '$collection')"), '42501', '... and no other');
is(as_user($node, 'maker', "CREATE FOREIGN TABLE maker.mine (id bigint) SERVER m OPTIONS (collection '$collection'); SELECT count(*) FROM maker.mine"),
	'3', 'USAGE opens every collection that the mapping reaches');

# who sees a password: its user with USAGE, the server's owner that of PUBLIC, superusers
my $passwords = 'SELECT umoptions FROM pg_user_mappings WHERE umoptions IS NOT NULL';
is(as_user($node, 'reader', $passwords), '', "who has no USAGE does not see even the mapping's own password");
is(as_user($node, 'reader', 'SELECT umoptions FROM pg_user_mapping'), '42501', '... and nobody may read the catalogue');
$node->safe_psql('postgres', 'GRANT USAGE ON FOREIGN SERVER m TO reader');
is(as_user($node, 'reader', $passwords), '{user=root,password=sEcr3tReader}', '... but with USAGE, and no other');
$node->safe_psql('postgres', 'REVOKE USAGE ON FOREIGN SERVER m FROM reader; CREATE ROLE owner LOGIN; ALTER SERVER m OWNER TO owner');
is(as_user($node, 'owner', $passwords), '{user=root,password=sEcr3tPublic}', "the server's owner sees that of PUBLIC");
$node->safe_psql('postgres', 'ALTER SERVER m OWNER TO CURRENT_USER');

# --- a dump has the definitions and the passwords, and no rows; it does not ask Milvus ---
sub run_for
{
	my ($program, @options) = @_;
	my ($out, $err) = ('', '');
	my $ok = IPC::Run::run([ $program, '-h', $node->host, '-p', $node->port, @options ], '>', \$out, '2>', \$err);
	return ($ok, $out, $err);
}
my ($ok, $dump) = run_for('pg_dump', 'postgres');
ok($ok, 'pg_dump');
like($dump, qr/CREATE USER MAPPING FOR reader SERVER m OPTIONS \([^)]*sEcr3tReader/, '... has the passwords');
like($dump, qr/GRANT ALL ON FUNCTION milvus\.flush/, '... and the rights on functions');
unlike($dump, qr/^COPY public\.docs /m, '... and no rows');
($ok, $dump) = run_for('pg_dump', '--include-foreign-data=m', 'postgres');
like($dump, qr/^COPY public\.docs \(id, n, e\) FROM stdin;\n(\d\t.*\n){3}\\\./m, '... but with --include-foreign-data');

# a restored database points at the same collection
run_for('pg_dump', '-Fc', '-f', "$files/dump", 'postgres');
$node->safe_psql('postgres', 'CREATE DATABASE again; CREATE DATABASE bare');
($ok) = run_for('pg_restore', '-d', 'again', "$files/dump");
ok($ok, 'pg_restore');
$node->safe_psql('again', 'INSERT INTO docs VALUES (10, 10, ARRAY[10, 1])');
is($node->safe_psql('postgres', $count), '4', 'a restored database writes into the same collection');
is(as_user($node, 'reader', $count, 'again'), '4', '... with the same rights');
# and without the mappings it reaches nothing
(undef, my $list) = run_for('pg_restore', '-l', "$files/dump");
append_to_file("$files/list", join("\n", grep { !/ USER MAPPING / } split(/\n/, $list)) . "\n");
($ok) = run_for('pg_restore', '-L', "$files/list", '-d', 'bare', "$files/dump");
ok($ok, 'pg_restore without USER MAPPING');
is(as_user($node, $node->safe_psql('postgres', 'SELECT current_user'), $count, 'bare'), '42704', '... has no way to Milvus');

# --- a hot standby reads, and writes nothing ---
$node->safe_psql('postgres', 'CREATE TABLE here (id bigint)');
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
my $me = $node->safe_psql('postgres', 'SELECT current_user');
is(as_user($standby, $me, $count), '4', 'a standby counts');
is(as_user($standby, $me, "SELECT id FROM docs ORDER BY e OPERATOR(milvus.<->) '{2,1}'::real[] LIMIT 1"), '2', '... and searches');
for my $write ('INSERT INTO docs VALUES (5, 5, ARRAY[5, 1])', 'UPDATE docs SET n = 0', 'DELETE FROM docs', 'TRUNCATE docs', 'COPY docs FROM STDIN',
	"SELECT milvus.load('docs')", "SELECT milvus.drop_collection('docs')", "SELECT milvus.call('m', 'DropCollection', '{}')")
{
	is(as_user($standby, $me, $write), '25006', "... and refuses: $write");
}
$node->safe_psql('postgres', 'INSERT INTO docs VALUES (6, 6, ARRAY[6, 1])');
is(as_user($standby, $me, 'SELECT n FROM docs WHERE id = 6'), '6', 'it sees at once what the primary wrote, by a strong read');
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
ok($standby->poll_query_until('postgres', q{SELECT pg_get_wal_replay_pause_state() = 'paused'}), 'a standby that lags');
$node->safe_psql('postgres', 'INSERT INTO here VALUES (7); INSERT INTO docs VALUES (7, 7, ARRAY[7, 1])');
is(as_user($standby, $me, 'SELECT id FROM docs WHERE id = 7 AND NOT EXISTS (SELECT FROM here WHERE here.id = docs.id)'), '7',
	'... has a row of Milvus before the local one');
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
$standby->promote;
is(as_user($standby, $me, "DELETE FROM docs WHERE id > 3; $count"), '3', 'promoted, it writes');

drop_tables();
for my $cluster ($node, $standby)
{
	$cluster->stop;
	check_log($cluster, $cluster->name);
}
done_testing();
