# connect_timeout is the limit of an attempt to connect; a refusal is an error at once, again and again.
use strict;
use warnings;
use lib '.';
use MilvusTap;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $port = need_port('MILVUS_S_PORT', 'MILVUS_L3_PORT');
my $node = start_cluster();
my $proxy = MilvusTap::Proxy->new($port);
add_server($node, 'direct', $port);
add_server($node, 'm', $proxy->port);
my $collection = make_table($node, 'direct', 'rows', 100);
$node->safe_psql('postgres', "CREATE FOREIGN TABLE far (id bigint, n integer, e real[])
	SERVER m OPTIONS (collection '$collection', consistency_level 'strong')");
my $answer = 'SELECT count(*), sum(id) FROM (SELECT id FROM far WHERE id <= 50 ORDER BY id LIMIT 50) s';
my $good = '50|1275';

# --- a server that takes its time until it says the first word ---
for my $delay (1.5, 3)
{
	my $session = MilvusTap::Session->new($node);
	my $before = $proxy->count;

	$proxy->freeze;
	$session->send($answer);
	ok(wait_until(sub { $proxy->count > $before }), "$delay s: an attempt is under way");
	# (that much time must pass: it is what is tested)
	Time::HiRes::sleep($delay);
	is($proxy->count, $before + 1, "... and still the same one");
	$proxy->thaw;
	is($session->wait, $good, '... which comes to an answer');
	$session->quit;
}

# --- one that does not say it in time ---
$node->safe_psql('postgres', "ALTER SERVER m OPTIONS (ADD connect_timeout '2')");
my $session = MilvusTap::Session->new($node);
$proxy->freeze;
my $start = time();
like($session->query($answer), qr/ERROR:\s+08001:.*There was no answer within 2 s/s, 'connect_timeout 2: an error');
my $seconds = seconds_since($start);
cmp_ok($seconds, '>=', 1.9, '... not before');
note(sprintf 'after %.2f s', $seconds);
$proxy->thaw;
is($session->query($answer), $good, '... and then an answer');

# --- nobody there: the reason, for each of many statements that catch it ---
$proxy->stop;
my $many = <<'SQL';
DO $$
DECLARE told text;
BEGIN
	FOR i IN 1 .. 20 LOOP
		BEGIN
			PERFORM count(*) FROM far;
			RAISE 'it was there';
		EXCEPTION WHEN sqlclient_unable_to_establish_sqlconnection OR connection_failure THEN
			GET STACKED DIAGNOSTICS told = PG_EXCEPTION_DETAIL;
		END;
	END LOOP;
	RAISE NOTICE 'told: %', told;
END $$
SQL
$start = time();
like($session->query($many), qr/told: .*(refused|connect)/i, 'refused: 20 statements of a block are told so');
note(sprintf '20 refusals: %.2f s', seconds_since($start));
# (waiting for a back-off took a second each, several times a statement)
cmp_ok(seconds_since($start), '<', 10, '... without waiting');
$proxy->start;
is($session->query($answer), $good, 'when somebody is there, the next statement has its answer');

$session->quit;
drop_tables();
check_log($node, 'at the end');
done_testing();
