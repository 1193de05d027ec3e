# Passwords, tokens, files with them, and TLS. The servers: test/tap/tls-server.
use strict;
use warnings;
use lib '.';
use IO::Socket::INET;
use MilvusTap;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);

my $auth = need_port('MILVUS_AUTH_PORT');
my $tls = need_port('MILVUS_TLS_PORT');
my $idle = need_port('MILVUS_IDLE_PORT');
my $dir = need_port('MILVUS_TLS_DIR');
my $root = "user 'root', password 'Milvus'";
my $node = start_cluster(conf => "log_statement = none\nlog_min_error_statement = panic\n");
my $files = PostgreSQL::Test::Utils::tempdir();
my @secrets = qw(sEcr3tWrong sEcr3tToken sEcr3tFile);
my $everything = '';

add_server($node, 'a', $auth);
$node->safe_psql('postgres', 'CREATE ROLE plain LOGIN; GRANT USAGE ON FOREIGN SERVER a TO plain;
	GRANT USAGE ON FOREIGN DATA WRAPPER milvus_fdw TO plain');

my $call = q{SELECT milvus.get('%s', 'ShowCollections', '{}') ? 'collection_names'};

# What a new session makes of the server, with these options of its mapping.
sub attempt
{
	my ($server, $options) = @_;
	$node->safe_psql('postgres', "DROP USER MAPPING IF EXISTS FOR CURRENT_USER SERVER $server;
		CREATE USER MAPPING FOR CURRENT_USER SERVER $server" . ($options ? " OPTIONS ($options)" : ''));
	my $session = MilvusTap::Session->new($node);
	my $text = $session->query(sprintf $call, $server);
	$session->quit;
	$everything .= $text;
	return $text;
}

sub file_with
{
	my ($name, $text) = @_;
	append_to_file("$files/$name", $text);
	return "$files/$name";
}

# --- authorization ---
my $text = attempt('a', '');
like($text, qr/ERROR:\s+28000:/, 'without a password: 28000');
like($text, qr/HINT:.*user/, '... with a hint');
is(attempt('a', $root), 't', 'user and password');
is(attempt('a', "token 'root:Milvus'"), 't', 'a token');
is(attempt('a', "user 'root', password_file '" . file_with('good', "Milvus\n") . "'"), 't', 'a password file');
is(attempt('a', "token_file '" . file_with('token', "root:Milvus\n") . "'"), 't', 'a token file');
like(attempt('a', "user 'root', password '$secrets[0]'"), qr/ERROR:\s+28/, 'a wrong password: class 28');
like(attempt('a', "user 'nobody', password 'Milvus'"), qr/ERROR:\s+28/, 'an unknown user: class 28');
like(attempt('a', "token 'root:$secrets[1]'"), qr/ERROR:\s+28/, 'a wrong token: class 28');
like(attempt('a', "user 'root', password_file '" . file_with('bad', $secrets[2]) . "'"), qr/ERROR:\s+28/,
	'a wrong password file: class 28');
like(attempt('a', "user 'root', password_file '$files/none'"), qr/ERROR:\s+58P01:/, 'no such password file');

# a wrong mapping is put right in the same session
my $session = MilvusTap::Session->new($node);
attempt('a', "user 'root', password '$secrets[0]'");
like($session->query(sprintf $call, 'a'), qr/ERROR:\s+28/, 'a wrong password');
$session->query("ALTER USER MAPPING FOR CURRENT_USER SERVER a OPTIONS (SET password 'Milvus')");
is($session->query(sprintf $call, 'a'), 't', '... put right in the same session');
$session->quit;

# rights are looked up in the database of the table, whatever the server's
my $name = 'ann' . $$;
$node->safe_psql('postgres', "CREATE EXTENSION IF NOT EXISTS vector; DROP USER MAPPING IF EXISTS FOR CURRENT_USER SERVER a; CREATE USER MAPPING FOR CURRENT_USER SERVER a OPTIONS ($root);
	CREATE FOREIGN TABLE owned (id bigint NOT NULL, e vector(2) NOT NULL) SERVER a OPTIONS (dbname 'other', collection 'owned');
	SELECT milvus.create_database('a', 'other'); SELECT milvus.create_collection('owned'), milvus.create_index('owned', 'e', 'FLAT', 'L2'), milvus.load('owned');
	INSERT INTO owned VALUES (1, '[1,2]');
	SELECT milvus.create_user('a', '$name', 'annannann'), milvus.create_role('a', '$name'); SELECT milvus.grant_role('a', '$name', '$name')");
for my $grant ("'Query', 'owned'", "'Search', 'owned'", "'Insert', 'owned'", "'ShowPartitions', 'owned'")
{
	$node->safe_psql('postgres', "SELECT milvus.grant_privilege('a', '$name', $grant, 'Collection', 'other')");
}
my $elsewhere = MilvusTap::Session->new($node);
$elsewhere->query("ALTER USER MAPPING FOR CURRENT_USER SERVER a OPTIONS (SET user '$name', SET password 'annannann'); SET milvus_fdw.consistency_level = 'strong'");
is($elsewhere->query('SELECT id FROM owned'), '1', 'a user of another database than the default one reads');
is($elsewhere->query("SELECT id FROM owned ORDER BY e <-> '[1,1]' LIMIT 1"), '1', '... searches');
is($elsewhere->query("INSERT INTO owned VALUES (2, '[2,2]') RETURNING id"), '2', '... and inserts');
like($elsewhere->query('DELETE FROM owned WHERE id = 1'), qr/ERROR:\s+42501:/, '... what he has no right to is refused');
$elsewhere->query("ALTER USER MAPPING FOR CURRENT_USER SERVER a OPTIONS (SET user 'root', SET password 'Milvus'); SELECT milvus.drop_collection('owned'); SELECT milvus.drop_database('a', 'other'); DROP FOREIGN TABLE owned");
$elsewhere->quit;

# --- who may do what ---
sub as_plain
{
	my ($sql) = @_;
	my $plain = MilvusTap::Session->new($node, user => 'plain');
	my $found = $plain->query($sql);
	$plain->quit;
	$everything .= $found;
	return $found;
}

like(as_plain("CREATE USER MAPPING FOR plain SERVER a OPTIONS (user 'root', password_file '$files/good')"),
	qr/ERROR:\s+42501:/, 'password_file is not for everybody');
like(as_plain("CREATE USER MAPPING FOR plain SERVER a OPTIONS (token_file '$files/token')"),
	qr/ERROR:\s+42501:/, 'nor token_file');
for my $option (qw(sslrootcert sslcert sslkey))
{
	my $other = $option eq 'sslrootcert' ? '' : $option eq 'sslcert' ? ", sslkey '$dir/client.key'" : ", sslcert '$dir/client.pem'";
	like(as_plain("CREATE SERVER mine FOREIGN DATA WRAPPER milvus_fdw OPTIONS ($option '$dir/client.pem'$other)"),
		qr/ERROR:\s+42501:/, "nor $option");
}
like(as_plain("CREATE USER MAPPING FOR plain SERVER a OPTIONS (password_required 'false')"),
	qr/ERROR:\s+42501:/, 'nor password_required');
is(as_plain("CREATE USER MAPPING FOR plain SERVER a OPTIONS ($root)"), '', 'a password is');
is(as_plain(sprintf $call, 'a'), 't', '... and works');
like(as_plain("SELECT umoptions FROM pg_user_mappings WHERE usename <> 'plain'"), qr/^\s*$/, "others' passwords are not shown");
$node->safe_psql('postgres', 'GRANT pg_read_server_files TO plain');
is(as_plain("CREATE SERVER mine FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host 'localhost', port '$tls', sslmode 'verify-full', sslrootcert '$dir/ca.pem')"),
	'', 'a member of pg_read_server_files names files');
is(as_plain("CREATE USER MAPPING FOR plain SERVER mine OPTIONS ($root); " . sprintf $call, 'mine'), 't', '... and they are used');
$node->safe_psql('postgres', 'REVOKE pg_read_server_files FROM plain');
like(as_plain(sprintf $call, 'mine'), qr/ERROR:\s+42501:/, '... no longer when the owner is none');

# lent credentials are asked after at every use, also of a connection that another user has opened in the session
my $list = sprintf $call, 'a';
$node->safe_psql('postgres', "DROP USER MAPPING IF EXISTS FOR CURRENT_USER SERVER a; DROP USER MAPPING FOR plain SERVER a;
	CREATE USER MAPPING FOR PUBLIC SERVER a OPTIONS (user 'root', password_file '$files/good');
	CREATE FUNCTION as_owner() RETURNS boolean SECURITY DEFINER LANGUAGE sql AS \$\$$list\$\$");
my $lent = MilvusTap::Session->new($node, user => 'plain');
like($lent->query($list), qr/ERROR:\s+2F003:/, 'a password file of PUBLIC is not for everybody');
is($lent->query('SELECT as_owner()'), 't', '... a superuser\'s function uses it');
like($lent->query($list), qr/ERROR:\s+2F003:/, '... and that opens it for nobody else');
$lent->quit;
$lent = MilvusTap::Session->new($node);
is($lent->query($list), 't', 'nor does a superuser');
$lent->query('SET ROLE plain');
like($lent->query($list), qr/ERROR:\s+2F003:/, '... who becomes somebody else');
$lent->query('RESET ROLE');
is($lent->query($list), 't', '... but for himself');
for my $part ([ 'SET SESSION AUTHORIZATION plain', 'RESET SESSION AUTHORIZATION' ], [ 'SET LOCAL ROLE plain', 'COMMIT', 'BEGIN' ])
{
	my ($become, $return, $first) = @$part;
	$lent->query($first) if $first;
	$lent->query($become);
	like($lent->query($list), qr/ERROR:\s+2F003:/, "$become: refused");
	$lent->query($return);
	is($lent->query($list), 't', "... $return: not");
}

# a view reads as its owner, whoever asks; a cursor as who has opened it
make_table($node, 'a', 'rows', 10);
$node->safe_psql('postgres', "ALTER FOREIGN TABLE rows OPTIONS (ADD fetch_size '2');
	CREATE VIEW seen AS SELECT id FROM rows; GRANT SELECT ON rows, seen TO plain;
	CREATE VIEW plains AS SELECT id FROM rows; ALTER VIEW plains OWNER TO plain; CREATE ROLE nobody LOGIN; CREATE ROLE stranger LOGIN");
my ($all, $all_seen) = map { "SELECT count(*), sum(id) FROM (SELECT id FROM $_ ORDER BY id) s" } 'rows', 'seen';
like(as_plain($all), qr/ERROR:\s+2F003:/, 'a table whose server lends: refused');
is(as_plain($all_seen), '10|55', "... a superuser's view of it is read with the superuser's mapping");
like(as_plain("$all_seen; $all"), qr/^10\|55\nERROR:\s+2F003:/, '... and opens it for nothing else');
like($lent->query('SELECT count(*) FROM plains'), qr/ERROR:\s+2F003:/, "a superuser who reads plain's view: refused as plain is");
like($lent->query('SET ROLE nobody; SELECT id FROM seen; RESET ROLE'), qr/ERROR:\s+42501:/, 'who has no right on a view: refused');
$lent->query('BEGIN; DECLARE c CURSOR FOR SELECT id FROM rows ORDER BY id; FETCH 1 FROM c; SET LOCAL ROLE plain');
is($lent->query('FETCH ALL FROM c'), join("\n", 2 .. 10), 'a cursor goes on as who has opened it');
like($lent->query('DECLARE d CURSOR FOR SELECT id FROM rows ORDER BY id; FETCH 1 FROM d'), qr/ERROR:\s+2F003:/, '... and opens none for another');
$lent->query('ROLLBACK');
$node->safe_psql('postgres', "CREATE USER MAPPING FOR plain SERVER a OPTIONS (user 'root', password '$secrets[0]')");
like(as_plain($all), qr/ERROR:\s+28/, 'with a mapping of its own, which is wrong');
is(as_plain($all_seen), '10|55', "... the view's owner has the right one");
$node->safe_psql('postgres', "ALTER USER MAPPING FOR plain SERVER a OPTIONS (SET password 'Milvus');
	ALTER USER MAPPING FOR PUBLIC SERVER a OPTIONS (SET password_file '$files/bad')");
$lent->query('BEGIN; SET LOCAL ROLE plain; DECLARE c CURSOR FOR SELECT id FROM rows ORDER BY id; FETCH 1 FROM c; SET LOCAL ROLE NONE');
is($lent->query('FETCH ALL FROM c'), join("\n", 2 .. 10), "plain's cursor goes on with plain's mapping, which is right now");
like($lent->query("$all; ROLLBACK"), qr/ERROR:\s+28/, '... the other is not');
$lent->quit;
$node->safe_psql('postgres', "ALTER USER MAPPING FOR PUBLIC SERVER a OPTIONS (SET password_file '$files/good')");

# EXPLAIN by who may not read asks nobody (for a right on a view PostgreSQL itself looks before it plans, in its current releases)
my $line = MilvusTap::Proxy->new($auth);
$node->safe_psql('postgres', "ALTER SERVER a OPTIONS (SET port '" . $line->port . "'); GRANT SELECT ON plains, seen TO nobody;
	REVOKE SELECT ON rows FROM plain");
for my $part (
	[ 'nobody', 'SELECT * FROM rows' ], [ 'nobody', 'SELECT id FROM plains' ], [ 'plain', 'SELECT id FROM plains' ],
	[ 'stranger', 'SELECT id FROM seen' ], [ 'stranger', 'UPDATE seen SET id = 1' ], [ 'nobody', 'DELETE FROM rows' ], [ 'nobody', 'UPDATE seen SET id = 1' ], [ 'nobody', 'SELECT (SELECT max(id) FROM plains) FROM pg_class' ])
{
	my ($who, $sql) = @$part;
	my $asks = MilvusTap::Session->new($node, user => $who);
	like($asks->query("EXPLAIN $sql"), qr/ERROR:\s+42501:/, "EXPLAIN $sql by $who: refused");
	is($line->count, 0, '... and nobody is asked');
	$asks->quit;
}
my $asks = MilvusTap::Session->new($node, user => 'nobody');
like($asks->query('EXPLAIN SELECT id FROM seen'), qr/Milvus Collection/, 'EXPLAIN by who may read a view');
cmp_ok($line->count, '>', 0, '... asks');
$asks->quit;
drop_tables();
$node->safe_psql('postgres', "DROP FUNCTION as_owner; ALTER SERVER a OPTIONS (SET port '$auth');
	DROP USER MAPPING FOR PUBLIC SERVER a; DROP USER MAPPING FOR plain SERVER a");

# --- TLS, and a token over it ---
sub tls_server
{
	my ($name, $options, $port) = @_;
	$port //= $tls;
	$node->safe_psql('postgres', "CREATE SERVER $name FOREIGN DATA WRAPPER milvus_fdw OPTIONS (port '$port', connect_timeout '5', $options)");
	return attempt($name, "token 'root:Milvus'");
}
is(tls_server('t1', "host 'localhost', sslmode 'verify-full', sslrootcert '$dir/ca.pem'"), 't', 'verify-full');
is(tls_server('t2', "host 'localhost', sslmode 'verify-full', sslrootcert '$dir/ca.pem', sslcert '$dir/client.pem', sslkey '$dir/client.key'"),
	't', 'with a client certificate');
like(attempt('t1', "token 'root:$secrets[1]'"), qr/ERROR:\s+28/, 'with a wrong token: class 28');
like(attempt('t1', ''), qr/ERROR:\s+28000:/, '... without one: 28000');
like(tls_server('t3', "host 'localhost', sslmode 'verify-full', sslrootcert '$dir/other-ca.pem'"),
	qr/ERROR:\s+08/, 'of another authority: refused');
like(tls_server('t4', "host 'localhost', sslmode 'verify-full'"), qr/ERROR:\s+08/, "not of the system's authorities: refused");
like(tls_server('t5', "host '127.0.0.1', sslmode 'verify-full', sslrootcert '$dir/ca.pem'"),
	qr/ERROR:\s+08/, 'another name: refused');
is(tls_server('t6', "host '127.0.0.1', ssl_server_name 'localhost', sslmode 'verify-full', sslrootcert '$dir/ca.pem'"),
	't', '... unless it is named');
like(tls_server('t7', "host 'localhost'"), qr/ERROR:\s+08.*HINT:  Perhaps TLS is expected there/s, 'without TLS: refused');
$node->safe_psql('postgres', "CREATE SERVER plain_one FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host 'localhost', port '$auth', sslmode 'verify-full')");
like(attempt('plain_one', ''), qr/ERROR:\s+08.*HINT:  There is no TLS on that port/s, 'TLS where there is none: refused');
like(tls_server('t8', "host 'localhost', sslmode 'verify-full', sslrootcert '" . file_with('no.pem', "no certificate\n") . "'"),
	qr/ERROR:\s+(08|HV)/, 'not a certificate: an error');
like(tls_server('t9', "host 'localhost', sslmode 'verify-full', sslrootcert '$files/none.pem'"),
	qr/ERROR:\s+58P01:/, 'no such certificate');

# a client key of the server's is lent, too
is(tls_server('keyed', "host 'localhost', sslmode 'verify-full', sslrootcert '$dir/ca.pem', sslcert '$dir/client.pem', sslkey '$dir/client.key'", $idle), 't',
	'a client key');
$node->safe_psql('postgres', 'GRANT USAGE ON FOREIGN SERVER keyed TO plain; CREATE USER MAPPING FOR plain SERVER keyed');
like(as_plain(sprintf $call, 'keyed'), qr/ERROR:\s+2F003:/, "... without a password of one's own: refused");
is(attempt('keyed', ''), 't', '... but a superuser');
$node->safe_psql('postgres', "ALTER USER MAPPING FOR plain SERVER keyed OPTIONS (ADD password_required 'false')");
is(as_plain(sprintf $call, 'keyed'), 't', '... and whom a superuser trusts');

# --- a slow handshake ---
my $slow = MilvusTap::Proxy->new($tls);
my $verified = "host 'localhost', sslmode 'verify-full', sslrootcert '$dir/ca.pem'";
for my $part ([ 'at once', stall => 0, 0 ], [ 'slow in the midst of its handshake', stall => 100, 1.5 ], [ 'slow to begin it', delay => 1.5 ])
{
	my ($what, @fault) = @$part;
	my $before = $slow->count;
	$slow->tell(@fault);
	$node->safe_psql('postgres', 'DROP SERVER IF EXISTS slow CASCADE');
	is(tls_server('slow', $verified, $slow->port), 't', "TLS, $what: an answer");
	is($slow->count, $before + 1, '... by the first attempt');
	$slow->stall(0, 0);
	$slow->delay(0);
}
$node->safe_psql('postgres', "ALTER SERVER slow OPTIONS (SET connect_timeout '2')");
$slow->stall(100, 60);
$session = MilvusTap::Session->new($node);
my $start = time();
like($session->query(sprintf $call, 'slow'), qr/ERROR:\s+08001:.*There was no answer within 2 s/s, 'TLS, slower than connect_timeout: 08001');
cmp_ok(seconds_since($start), '>=', 1.9, '... not before');
$slow->stall(0, 0);
is($session->query(sprintf $call, 'slow'), 't', '... and then an answer');
$session->quit;

# --- a peer that ends what is idle by GOAWAY, as the proxies of managed Milvus do ---
my $ending = MilvusTap::Proxy->new($idle);
is(tls_server('ending', $verified, $ending->port), 't', 'TLS, with GOAWAY to the idle');
$session = MilvusTap::Session->new($node);
my ($first, $bad) = $ending->count;
ok(wait_until(sub {
	my $text = $session->query(sprintf $call, 'ending');
	$bad //= $text if $text ne 't';
	sleep(0.4);
	return $bad || $ending->count >= $first + 5;
}), '... five connections of a session have ended so');
is($bad, undef, '... and each statement had its answer');
$session->quit;

# the name is sent, so that a server of many names knows which one is meant
my $many = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)->sockport;
my $heard = "$files/heard";
my $names = open(my $to_names, '|-') // die "fork: $!";
if ($names == 0)
{
	open STDOUT, '>', $heard;
	open STDERR, '>&', \*STDOUT;
	exec 'openssl', 's_server', '-accept', "127.0.0.1:$many", '-cert', "$dir/server.pem", '-key', "$dir/server.key",
	  '-cert2', "$dir/server.pem", '-key2', "$dir/server.key", '-servername', 'localhost';
}
ok(wait_until(sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $many) }), 'a server of many names');
$node->safe_psql('postgres', "CREATE SERVER named FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host 'localhost', port '$many', connect_timeout '5', sslmode 'verify-full', sslrootcert '$dir/ca.pem')");
like(attempt('named', ''), qr/HINT:  What is on that port speaks TLS, but not gRPC/, '... which is not gRPC');
ok(wait_until(sub { slurp_file($heard) =~ /Hostname in TLS extension: "localhost"/ }), '... was told which one is meant');
$node->safe_psql('postgres', "ALTER SERVER named OPTIONS (ADD ssl_server_name 'client')");
attempt('named', '');
ok(wait_until(sub { slurp_file($heard) =~ /Hostname in TLS extension: "client"/ }), '... or the one of ssl_server_name');
kill 'KILL', $names;
waitpid $names, 0;

# without sslrootcert the authorities of the system are trusted
$node->stop;
{
	local $ENV{GRPC_DEFAULT_SSL_ROOTS_FILE_PATH} = "$dir/ca.pem";
	$node->start;
}
is(tls_server('t10', "host 'localhost', sslmode 'verify-full'"), 't', "of the system's authorities: verify-full without sslrootcert");

# --- no secret anywhere ---
$node->stop;
my $log = slurp_file($node->logfile);
for my $secret (@secrets)
{
	unlike($log, qr/$secret/, "no $secret in the log");
	unlike($everything, qr/$secret/, "no $secret in a message");
}
unlike($everything, qr/:Milvus|cm9vdDpN/, 'nor the right password');
unlike($log, qr/root:Milvus|cm9vdDpN/, 'nor in the log');
check_log($node, 'at the end');
done_testing();
