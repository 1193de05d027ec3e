# What an administrator looks at: slow requests in the log, and their ids, by which
# Milvus' log can be matched; what a waiting backend is seen to wait for.
use strict;
use warnings;
use lib '.';
use JSON::PP;
use MilvusTap;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes;

my $port = need_port('MILVUS_S_PORT');
my ($node, $proxy, $collection) = start_far($port);

sub logged_by
{
	my ($sql) = @_;
	my $before = -s $node->logfile;
	$node->safe_psql('postgres', $sql);
	return grep { /LOG:  waited/ } split /\n/, substr(slurp_file($node->logfile), $before);
}

# --- slow requests ---
is(scalar(logged_by('SELECT count(*) FROM rows')), 0, 'nothing is logged unless asked for');
my $all = 'SET milvus_fdw.log_min_duration = 0;';
my @lines = logged_by("$all SELECT id, n FROM rows WHERE n > 5");
my ($query) = grep { /: Query of / } @lines;
like($query, qr/waited \d+\.\d{3} ms for Milvus server "direct": Query of collection "$collection", \d+ rows, \d+ bytes, request postgres-\d+-\d+$/,
	'a query: server, collection, rows, bytes, time');
ok((grep { /DescribeCollection, \d+ bytes/ } @lines), 'what comes before it, too');
@lines = logged_by("$all SELECT id FROM rows ORDER BY e OPERATOR(milvus.<->) '{3,1}' LIMIT 7");
ok((grep { /: Search of collection "$collection", 7 rows, / } @lines), 'a search');
@lines = logged_by("$all INSERT INTO rows VALUES (1001, 1, '{1,1}'), (1002, 1, '{1,1}')");
ok((grep { /: Insert of collection "$collection", 2 rows, / } @lines), 'an insert');
@lines = logged_by("$all DELETE FROM rows WHERE id IN (1001, 1002)");
ok((grep { /: Delete of collection "$collection"/ } @lines), 'a deletion');
is(scalar(logged_by("SET milvus_fdw.log_min_duration = '1min'; SELECT count(*) FROM rows")), 0, 'what is quicker is not');

# one that is slow: the line is frozen until the statement waits
my $session = MilvusTap::Session->new($node);
$session->query('SELECT count(*) FROM far');
$session->query("SET milvus_fdw.log_min_duration = '300ms'");
$proxy->freeze;
my $before = -s $node->logfile;
$session->send('SELECT id FROM far WHERE n = 3');
ok(wait_until(sub { $node->safe_psql('postgres', "SELECT wait_event_type FROM pg_stat_activity WHERE pid = " . $session->backend) eq 'Extension' }),
	'the backend is seen to wait');
my $event = $node->safe_psql('postgres', "SELECT wait_event FROM pg_stat_activity WHERE pid = " . $session->backend);
my $major = int($node->safe_psql('postgres', 'SHOW server_version_num') / 10000);
is($event, $major >= 17 ? 'MilvusRead' : 'Extension', 'for what it waits');
wait_until(sub { $node->safe_psql('postgres', "SELECT clock_timestamp() - query_start > '400 ms' FROM pg_stat_activity WHERE pid = " . $session->backend) eq 't' });
$proxy->thaw;
$session->wait;
@lines = grep { /LOG:  waited/ } split /\n/, substr(slurp_file($node->logfile), $before);
ok((grep { /waited (\d+)\.\d+ ms for Milvus server "m": \w+/ && $1 >= 300 } @lines), 'a slow one is logged');

# what a statement waits for at its end is in the time that others measure of it
$session->query("LOAD 'auto_explain'; SET auto_explain.log_min_duration = '300ms'; SET milvus_fdw.log_min_duration = -1");
my $lock = MilvusTap::Session->new($node);
$lock->query('SELECT pg_advisory_lock(7)');
$before = -s $node->logfile;
$session->send("INSERT INTO far SELECT 2001, 1, '{1,1}' FROM (SELECT pg_advisory_xact_lock(7) OFFSET 0) l");
ok(wait_until(sub { $node->safe_psql('postgres', "SELECT wait_event_type FROM pg_stat_activity WHERE pid = " . $session->backend) eq 'Lock' }),
	'a write that has begun');
$proxy->freeze;
$lock->quit;
my $end = Time::HiRes::time() + 2;
wait_until(sub { Time::HiRes::time() > $end });
$proxy->thaw;
$session->wait;
like(substr(slurp_file($node->logfile), $before), qr/LOG:  duration: \d{4,}\.\d+ ms  plan:\n\tQuery Text: INSERT INTO far/, 'auto_explain sees a slow write');
$session->quit;

# --- ids ---
$node->safe_psql('postgres', "CREATE ROLE somebody; GRANT USAGE ON FOREIGN SERVER direct TO somebody");
my ($rc, $out, $err) = $node->psql('postgres', 'SELECT milvus.disconnect_all(); SET ROLE somebody; SET milvus_fdw.log_min_duration = 0');
like($err, qr/permission denied to set parameter/, 'only a superuser fills the log');
SKIP: {
	my $double = $ENV{MILVUS_D_PORT} or skip 'MILVUS_D_PORT is not set', 2;
	add_server($node, 'd', $double);
	my $asked = $node->safe_psql('postgres', q{
		SELECT pg_backend_pid();
		SELECT count(milvus.call('d', 'Dummy', jsonb_build_object('request_type', '{"op": "requests"}'::jsonb)));
		SELECT count(milvus.call('d', 'ShowCollections', '{}'));
		SELECT count(milvus.call('d', 'ListDatabases', '{}'));
		SELECT milvus.call('d', 'Dummy', jsonb_build_object('request_type', '{"op": "requests"}'::jsonb))->>'response'});
	my ($pid, @rest) = split /\n/, $asked;
	my %id = map { $_->{rpc} => $_->{id} } @{ decode_json($rest[-1]) };
	like($id{ShowCollections}, qr/^postgres-$pid-\d+$/, 'the id has the process');
	isnt($id{ShowCollections}, $id{ListDatabases}, 'each statement has its own');
}

drop_tables($node);
$node->stop;
check_log($node, 'log');
done_testing();
