# A session outlives its server: a clear error while it is away, none after.
use strict;
use warnings;
use lib '.';
use MilvusTap;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $port = need_port('MILVUS_S_PORT', 'MILVUS_L3_PORT');
my ($node, $proxy, $collection) = start_far($port);

my ($control, $session) = map { MilvusTap::Session->new($node) } 1, 2;
my $answer = 'SELECT count(*), sum(id) FROM (SELECT id FROM far ORDER BY id) s';
my $good = '100|5050';

is($session->query($answer), $good, 'connected');

for my $round (1 .. 5)
{
	$proxy->stop;
	my $start = time();
	my $text = $session->query($answer);
	like($text, qr/ERROR:\s+08(006|001): could not reach Milvus server "m"/, "round $round: stopped: an error of class 08");
	cmp_ok(seconds_since($start), '<', 10, "round $round: promptly") or diag($text);
	note(sprintf 'error after %.2f s', seconds_since($start));
	like($session->query($answer), qr/ERROR:\s+08(006|001):/, "round $round: and again");
	$proxy->start;
	$start = time();
	is($session->query($answer), $good, "round $round: started: no error");
	note(sprintf 'answer after %.2f s', seconds_since($start));
}

# a session that never was connected
my $late = MilvusTap::Session->new($node);
$proxy->stop;
like($late->query($answer), qr/ERROR:\s+08(006|001):/, 'a first connection to a stopped server');
$proxy->start;
is($late->query($answer), $good, 'and to a started one');
$late->quit;

# idle over a restart
for my $round (1 .. 10)
{
	$proxy->stop;
	$proxy->start;
	is($session->query($answer), $good, "idle over restart $round");
}
# without a stop: only its connections are cut
for my $round (1 .. 10)
{
	$proxy->cut;
	is($session->query($answer), $good, "idle over cut $round");
}

# cut while a call is under way: a read may be asked again
$proxy->freeze;
$session->send($answer);
waits($control, $session);
$proxy->cut;
$proxy->thaw;
is($session->wait, $good, 'cut in the middle of a read: it is asked again');

# stopped while a call is under way
$proxy->freeze;
$session->send($answer);
waits($control, $session);
$proxy->stop;
like($session->wait, qr/ERROR:\s+08(006|001):/, 'stopped in the middle of a read: an error of class 08');
$proxy->start;
is($session->query($answer), $good, 'and then an answer');

# the whole of a transaction's life over a restart
is($session->query("BEGIN; $answer"), $good, 'in a transaction');
$proxy->stop;
$proxy->start;
is($session->query('SELECT count(*) FROM (SELECT id FROM far WHERE id <= 10 ORDER BY id) s; COMMIT'), '10', 'over a restart');

# a write is not sent twice: cut in the middle of many, it ends with an error, and no key is there twice
my $written = "SELECT count(*), count(*) - count(DISTINCT id) FROM (SELECT id FROM rows WHERE id > 1000 ORDER BY id) s";
$node->safe_psql('postgres', "ALTER FOREIGN TABLE far OPTIONS (ADD batch_size '500')");
$node->safe_psql('postgres', 'CREATE SEQUENCE ids START 1001');
$session->send("INSERT INTO far SELECT nextval('ids'), 0, ARRAY[i, 1] FROM generate_series(1, 2000000) AS i
	WHERE i % 500 <> 0 OR pg_sleep(0.01) IS NOT NULL");
ok(wait_until(sub { $node->safe_psql('postgres', 'SELECT last_value > 4000 FROM ids') eq 't' }), 'many rows are being written');
$proxy->freeze;
ok(waits($control, $session), 'the write waits');
$proxy->cut;
$proxy->thaw;
my $text = $session->wait;
like($text, qr/ERROR:\s+08/, 'a cut write: an error of class 08');
my ($rows, $twice) = split /\|/, $node->safe_psql('postgres', $written);
cmp_ok($rows, '>', 0, '... some rows were written');
is($twice, 0, '... and no key is there twice');

$_->quit for $control, $session;
drop_tables();
check_log($node, 'at the end');
done_testing();
