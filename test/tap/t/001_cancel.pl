# A call that never answers can be cancelled, times out, and can be terminated,
# quickly; and the session goes on.
use strict;
use warnings;
use lib '.';
use MilvusTap;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $port = need_port('MILVUS_S_PORT', 'MILVUS_L3_PORT');
my $rounds = 40;
my ($node, $proxy, $collection) = start_far($port);

my $control = MilvusTap::Session->new($node);
my $answer = 'SELECT count(*), sum(id) FROM (SELECT id FROM far WHERE id <= 50 ORDER BY id LIMIT 50) s';
my $good = '50|1275';

sub report
{
	my ($what, @times) = @_;
	my @ms = map { 1000 * $_ } @times;
	note(sprintf('%s: %d rounds, p50 %.1f ms, p99 %.1f ms, max %.1f ms', $what, scalar(@ms),
		percentile(50, @ms), percentile(99, @ms), percentile(100, @ms)));
	cmp_ok(percentile(50, @ms), '<=', 250, "$what: median at most 250 ms");
	return;
}

# --- a cancel of each wait ---
my $session = MilvusTap::Session->new($node);
is($session->query($answer), $good, 'the query works');
my $lines = $node->basedir . '/lines';
append_to_file($lines, join '', map { "$_\t0\t{1,1}\n" } 5001 .. 5100);
my $columns = '(id bigint NOT NULL, n integer NOT NULL, e real[] NOT NULL)';
$node->safe_psql('postgres', "CREATE FOREIGN TABLE small $columns SERVER m OPTIONS (collection '$collection', batch_size '10', fetch_size '10');
	CREATE FOREIGN TABLE late $columns SERVER m OPTIONS (collection '$collection', write_mode 'commit')");
my (@times, $bad);

# Freeze, cancel a statement that waits then, thaw, and have a right answer.
sub cancel_once
{
	my ($round, $sql, $is_waiting) = @_;
	$proxy->freeze;
	$session->send($sql);
	$is_waiting->() or $bad //= "round $round: does not wait";
	my $start = time();
	# what pg_cancel_backend() does, without its own query in the measure
	kill 'INT', $session->backend;
	my $text = $session->wait;
	push @times, seconds_since($start);
	$text =~ /57014/ or $bad //= "round $round: $text";
	$proxy->thaw;
	my $found = $session->query($answer);
	$found eq $good or $bad //= "round $round: after it: $found";
	return;
}

for my $part (
	[ 'a page', $answer ],
	[ 'a count', 'SELECT count(*) FROM far' ],
	[ 'a search', "SELECT id FROM far ORDER BY e OPERATOR(milvus.<->) '{1,1}' LIMIT 1" ],
	[ 'an insert', "INSERT INTO small SELECT i, 0, '{1,1}' FROM generate_series(2001, 2100) i" ],
	[ 'an update', 'UPDATE small SET n = n WHERE id BETWEEN 60 AND 70' ],
	[ 'a deletion', 'DELETE FROM small WHERE id > 3000' ],
	[ 'a commit', 'COMMIT', "BEGIN; INSERT INTO late VALUES (4001, 0, '{1,1}')" ],
	[ 'an index', "SELECT milvus.create_index('far', 'e', 'FLAT', 'L2')" ],
	[ 'a load', "SELECT milvus.load('far')" ],
	[ 'COPY out', 'COPY (SELECT * FROM small) TO STDOUT' ],
	[ 'COPY in', "COPY small FROM '$lines'" ])
{
	my ($what, $sql, $before) = @$part;
	@times = ();
	$bad = undef;
	for my $round (1 .. $rounds / 2)
	{
		$session->query($before) if $before;
		cancel_once($round, $sql, sub { waits($control, $session) });
	}
	is($bad, undef, "$what: cancelled, each time with a right answer after it");
	report("cancel of $what", @times);
}

# without a pause: hang, cancel, hang, cancel, and an answer only at the end
$proxy->freeze;
for (1 .. 10)
{
	$session->send($answer);
	waits($control, $session);
	$control->query('SELECT pg_cancel_backend(' . $session->backend . ')');
	like($session->wait, qr/57014/, 'pg_cancel_backend()');
}
$proxy->thaw;
is($session->query($answer), $good, 'an answer after cancels in a row');

# in a savepoint
$proxy->freeze;
$session->query('BEGIN; SAVEPOINT s');
$session->send($answer);
waits($control, $session);
kill 'INT', $session->backend;
like($session->wait, qr/57014/, 'cancelled in a subtransaction');
$proxy->thaw;
is($session->query("ROLLBACK TO s; $answer; COMMIT"), $good, 'the transaction goes on');

# --- statement_timeout ---
@times = ();
$bad = undef;
$session->query('SET statement_timeout = 100');
for my $round (1 .. $rounds)
{
	$proxy->freeze;
	my $start = time();
	my $text = $session->query($answer);
	push @times, seconds_since($start) - 0.1;
	$text =~ /57014.*statement timeout/ or $bad //= "round $round: $text";
	$proxy->thaw;
	my $found = $session->query("SET statement_timeout = 0; $answer; SET statement_timeout = 100");
	$found eq $good or $bad //= "round $round: after it: $found";
}
is($bad, undef, "$rounds timeouts, each with a right answer after it");
report('statement_timeout', @times);
$session->quit;

# --- terminated ---
@times = ();
$bad = undef;
for my $round (1 .. $rounds)
{
	my $victim = MilvusTap::Session->new($node);
	$victim->query($answer);
	$proxy->freeze;
	$victim->send($answer);
	waits($control, $victim) or $bad //= "round $round: does not wait";
	my $start = time();
	if ($round % 2) { kill 'TERM', $victim->backend; }
	else { $control->query('SELECT pg_terminate_backend(' . $victim->backend . ')'); }
	my $text = $victim->wait;
	push @times, seconds_since($start);
	$text =~ /57P01/ or $bad //= "round $round: $text";
	wait_until(sub { !kill 0, $victim->backend }, 30) or $bad //= "round $round: the process stays";
	$proxy->thaw;
	$victim->quit;
}
is($bad, undef, "$rounds backends terminated");
report('terminate', @times);

# --- while connecting: accepted, and then silence ---
@times = ();
$bad = undef;
$session = MilvusTap::Session->new($node);
for my $round (1 .. $rounds)
{
	$session->query('SELECT milvus.disconnect_all()');
	my $before = $proxy->count;
	cancel_once($round, $answer, sub { wait_until(sub { $proxy->count > $before }) });
}
is($bad, undef, "$rounds cancels while connecting, each with a right answer after it");
report('cancel while connecting', @times);

# connect_timeout ends it by itself
$node->safe_psql('postgres', "ALTER SERVER m OPTIONS (ADD connect_timeout '1')");
$session->query('SELECT milvus.disconnect_all()');
$proxy->freeze;
my $start = time();
$session->send($answer);
my $text = eval { $session->wait(20) } // do
{
	# let it go: the rest of the test wants the session
	kill 'INT', $session->backend;
	$session->wait;
	'still waiting after 20 s';
};
like($text, qr/ERROR:\s+08/, 'connect_timeout: an error of class 08');
note(sprintf 'connect_timeout 1 s: error after %.2f s', seconds_since($start));
$proxy->thaw;
is($session->query($answer), $good, 'and then an answer');

# request_timeout
$node->safe_psql('postgres', "ALTER SERVER m OPTIONS (ADD request_timeout '1')");
is($session->query($answer), $good, 'with request_timeout');
$proxy->freeze;
$start = time();
like($session->query($answer), qr/ERROR:\s+08006:.*did not answer in time/, 'request_timeout: an error of class 08');
note(sprintf 'request_timeout 1 s: error after %.2f s', seconds_since($start));
$proxy->thaw;
is($session->query($answer), $good, 'and then an answer');

$session->quit;
$control->quit;
drop_tables();
check_log($node, 'at the end');
done_testing();
