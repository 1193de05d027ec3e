# Users, roles and grants from SQL, and what a restricted user may do then; a
# long wait can be cancelled and is seen; passwords stay out of the log.
use strict;
use warnings;
use lib '.';
use MilvusTap;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $port = need_port('MILVUS_AUTH_PORT');
my $node = start_cluster(conf => "log_min_messages = debug1\nlog_statement = none\n");
my $secret = "s3cret_$$";
add_server($node, 'm', $port, "", "user 'root', password 'Milvus'");
make_table($node, 'm', 'open_table', 20);
my $closed = make_table($node, 'm', 'closed_table', 20);
my ($open) = $node->safe_psql('postgres', "SELECT (milvus.target('open_table', NULL, NULL, NULL)).collection");

# the statement's SQLSTATE, message and DETAIL, or its result
sub attempt
{
	my ($sql) = @_;
	my ($rc, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\n$sql");
	return $err ne '' ? $err : $out;
}

# --- a user that may search one collection ---
$node->safe_psql('postgres', qq{
	SELECT milvus.create_user('m', 'tap_ann', '$secret');
	SELECT milvus.create_role('m', 'tap_reader');
	SELECT milvus.grant_role('m', 'tap_ann', 'tap_reader');
	SELECT milvus.grant_privilege('m', 'tap_reader', p, '$open') FROM unnest('{Search,Query,ShowPartitions}'::text[]) p});
is($node->safe_psql('postgres', "SELECT roles FROM milvus.users WHERE user_name = 'tap_ann'"), '{tap_reader}', 'the view of users');
is($node->safe_psql('postgres', "SELECT string_agg(privilege, ' ' ORDER BY privilege) FROM milvus.grants WHERE role = 'tap_reader' AND object_name = '$open'"),
	'Query Search ShowPartitions', 'the view of grants');

$node->safe_psql('postgres', qq{
	CREATE SERVER ann FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host '127.0.0.1', port '$port');
	CREATE USER MAPPING FOR CURRENT_USER SERVER ann OPTIONS (user 'tap_ann', password '$secret');
	CREATE FOREIGN TABLE ann_open (id bigint NOT NULL, n integer NOT NULL, e real[] NOT NULL) SERVER ann OPTIONS (collection '$open');
	CREATE FOREIGN TABLE ann_closed (id bigint NOT NULL, n integer NOT NULL, e real[] NOT NULL) SERVER ann OPTIONS (collection '$closed')});
is(attempt('SELECT count(*) FROM (SELECT id FROM ann_open WHERE id > 15) s'), '5', 'the collection it may read');
is(attempt("SELECT id FROM ann_open ORDER BY e OPERATOR(milvus.<->) '{3,1}' LIMIT 1"), '3', '... and search');
for my $sql ('SELECT id FROM ann_closed', "SELECT id FROM ann_closed ORDER BY e OPERATOR(milvus.<->) '{3,1}' LIMIT 1",
	"INSERT INTO ann_open VALUES (99, 1, '{1,1}')", "SELECT milvus.drop_collection('ann_open')",
	"SELECT milvus.create_user('ann', 'tap_eve', 'other_secret')", "SELECT * FROM milvus.users WHERE server = 'ann'")
{
	my $answer = attempt($sql);
	like($answer, qr/ERROR:\s+42501: permission denied by Milvus server "ann"/, "42501: $sql");
	like($answer, qr/DETAIL:.*permission deny/s, '... in the words of Milvus');
}
is(attempt("SELECT collection FROM milvus.collections WHERE server = 'ann' AND collection = '$closed'"), $closed,
	'a view shows what it may, and no error for the rest');
is($node->safe_psql('postgres', 'SELECT count(*) FROM closed_table'), '20', 'nothing has happened to the other');

# --- passwords ---
$node->safe_psql('postgres', "SELECT milvus.update_password('m', 'tap_ann', '$secret', '${secret}_new')");
like(attempt('SELECT id FROM ann_open'), qr/ERROR:\s+28000:/, 'the old password is no longer taken');
$node->safe_psql('postgres', "ALTER USER MAPPING FOR CURRENT_USER SERVER ann OPTIONS (SET password '${secret}_new')");
is(attempt('SELECT count(*) FROM (SELECT id FROM ann_open) s'), '20', 'the new one is');
like(attempt("SELECT milvus.create_user('m', 'tap_ann', '${secret}_again')"), qr/ERROR:/, 'a user that is there already');

# --- a wait is seen, and cancelled ---
$node->safe_psql('postgres', q{CREATE FUNCTION wait_long() RETURNS void LANGUAGE plpgsql AS
	'BEGIN FOR i IN 1 .. 10000 LOOP PERFORM milvus.pause(i, ''waiting''); END LOOP; END'});
my $session = MilvusTap::Session->new($node);
my $pid = $session->backend;
$session->send('SELECT wait_long()');
ok(wait_until(sub {
	$node->safe_psql('postgres', "SELECT wait_event IS NOT NULL AND state = 'active' FROM pg_stat_activity WHERE pid = $pid") eq 't'
}), 'the wait is seen');
$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
like($session->wait, qr/canceling statement due to user request/, '... and cancelled');
$session->quit;

# --- away with it ---
$node->safe_psql('postgres', qq{
	SELECT milvus.revoke_privilege('m', role, privilege, object_name, object_type) FROM milvus.grants WHERE server = 'm' AND role = 'tap_reader';
	SELECT milvus.revoke_role('m', 'tap_ann', 'tap_reader');
	SELECT milvus.drop_role('m', 'tap_reader');
	SELECT milvus.drop_user('m', 'tap_ann')});
is($node->safe_psql('postgres', "SELECT count(*) FROM milvus.roles WHERE server = 'm' AND role = 'tap_reader'"), '0', 'the role is gone');
drop_tables();

$node->stop;
my $log = slurp_file($node->logfile);
# psql's own statements are not logged, unless they fail: that is PostgreSQL's setting
my $messages = join "\n", grep { !/STATEMENT:|^\t/ } split /\n/, $log;
unlike($messages, qr/$secret|other_secret/, 'no password in a message of the log');
my $encoded = `printf %s '$secret' | base64`;
chomp $encoded;
unlike($messages, qr/\Q$encoded\E/, '... nor as Milvus wants it');
check_log($node, 'at the end');
done_testing();
