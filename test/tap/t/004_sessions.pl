# Many sessions that connect, query and exit; and some that are terminated in
# the middle of a large transfer: no crash, no noise in the log.
use strict;
use warnings;
use lib '.';
use MilvusTap;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $port = need_port('MILVUS_S_PORT', 'MILVUS_L3_PORT');
my $node = start_cluster(conf => "log_statement = none\nlog_connections = off\nlog_disconnections = off\n");
add_server($node, 'm', $port);
make_table($node, 'm', 'rows', 20000);
my $user = $node->safe_psql('postgres', 'SELECT current_user');

# --- connect, query, exit ---
my $script = PostgreSQL::Test::Utils::tempdir() . '/query.sql';
append_to_file($script, "\\set id random(1, 20000)\nSELECT n FROM rows WHERE id = :id;\n");
my $clients = 4;
my $transactions = ($ENV{MILVUS_TEST_SESSIONS} // 1000) / $clients;
my $start = time();
$node->command_checks_all(
	[ 'pgbench', '-C', '-n', '-c', $clients, '-j', 2, '-t', $transactions, '-f', $script, 'postgres' ],
	0, [ qr{actually processed: (\d+)/\1\b} ], [ qr/^(?!.*(error|aborted))/s ],
	$clients * $transactions . ' sessions');
note(sprintf '%d sessions in %.1f s', $clients * $transactions, seconds_since($start));
check_log($node, 'after many sessions');

# --- terminated in the middle of a transfer ---
my ($terminated, $bad) = (0);
for my $round (1 .. 50)
{
	my $session = MilvusTap::Session->new($node);
	# a scan that does not end by itself
	$session->send('DO $$ BEGIN LOOP PERFORM count(*) FROM (SELECT id, e FROM rows ORDER BY id) s; END LOOP; END $$');
	wait_until(sub { $node->safe_psql('postgres', 'SELECT count(*) FROM pg_stat_activity WHERE pid = ' . $session->backend .
		" AND state = 'active' AND wait_event_type = 'Extension'") eq '1' }) or $bad //= "round $round: does not wait";
	# at another moment of the transfer each time
	usleep(1000 * $round % 37_000);
	$node->safe_psql('postgres', 'SELECT pg_terminate_backend(' . $session->backend . ')');
	my $text = $session->wait;
	$terminated++ if $text =~ /57P01/;
	wait_until(sub { !kill 0, $session->backend }, 30) or $bad //= "round $round: the process stays";
	$session->quit;
}
is($bad, undef, 'no backend stays');
is($terminated, 50, '50 backends terminated in the middle of a transfer');

# psql that goes away without a word
for my $round (1 .. 10)
{
	my $session = MilvusTap::Session->new($node);
	$session->send('SELECT id, e FROM rows ORDER BY id');
	kill 'KILL', $session->{pid};
	ok(wait_until(sub { !kill 0, $session->backend }, 60), "round $round: the backend of a killed psql ends");
	$session->quit;
}
is($node->safe_psql('postgres', 'SELECT count(*), sum(id) FROM (SELECT id FROM rows ORDER BY id) s'),
	'20000|200010000', 'and then the whole table');

drop_tables();
$node->stop;
check_log($node, 'at the end');
done_testing();
