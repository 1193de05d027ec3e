# Passwords, tokens, files with them, and TLS. The servers: test/tap/tls-server.
use strict;
use warnings;
use lib '.';
use IO::Socket::INET;
use MilvusTap;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $auth = need_port('MILVUS_AUTH_PORT');
my $tls = need_port('MILVUS_TLS_PORT');
my $dir = need_port('MILVUS_TLS_DIR');
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
is(attempt('a', "user 'root', password 'Milvus'"), 't', 'user and password');
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
is(as_plain("CREATE USER MAPPING FOR plain SERVER a OPTIONS (user 'root', password 'Milvus')"), '', 'a password is');
is(as_plain(sprintf $call, 'a'), 't', '... and works');
like(as_plain("SELECT umoptions FROM pg_user_mappings WHERE usename <> 'plain'"), qr/^\s*$/, "others' passwords are not shown");
$node->safe_psql('postgres', 'GRANT pg_read_server_files TO plain');
is(as_plain("CREATE SERVER mine FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host 'localhost', port '$tls', sslmode 'verify-full', sslrootcert '$dir/ca.pem')"),
	'', 'a member of pg_read_server_files names files');
is(as_plain('CREATE USER MAPPING FOR plain SERVER mine; ' . sprintf $call, 'mine'), 't', '... and they are used');
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
$lent->quit;
$node->safe_psql('postgres', 'DROP FUNCTION as_owner; DROP USER MAPPING FOR PUBLIC SERVER a');

# --- TLS ---
sub tls_server
{
	my ($name, $options) = @_;
	$node->safe_psql('postgres', "CREATE SERVER $name FOREIGN DATA WRAPPER milvus_fdw OPTIONS (port '$tls', connect_timeout '5', $options)");
	return attempt($name, '');
}
is(tls_server('t1', "host 'localhost', sslmode 'verify-full', sslrootcert '$dir/ca.pem'"), 't', 'verify-full');
is(tls_server('t2', "host 'localhost', sslmode 'verify-full', sslrootcert '$dir/ca.pem', sslcert '$dir/client.pem', sslkey '$dir/client.key'"),
	't', 'with a client certificate');
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
