# When the postmaster dies, backends that wait for Milvus go too.
use strict;
use warnings;
use lib '.';
use MilvusTap;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $port = need_port('MILVUS_S_PORT', 'MILVUS_L3_PORT');
my ($node, $proxy, $collection) = start_far($port, conf => "restart_after_crash = off\n");

my (@waiting, @connecting);
for (1 .. 3)
{
	my $session = MilvusTap::Session->new($node);
	is($session->query('SELECT count(*) FROM (SELECT id FROM far ORDER BY id) s'), '100', 'a session');
	push @waiting, $session;
}
push @connecting, MilvusTap::Session->new($node);
my $idle = MilvusTap::Session->new($node);
is($idle->query('SELECT count(*) FROM (SELECT id FROM far ORDER BY id) s'), '100', 'an idle session');

$proxy->freeze;
my $before = $proxy->count;
$_->send('SELECT id FROM far ORDER BY id') for @waiting, @connecting;
ok(wait_until(sub { $node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity
	WHERE state = 'active' AND wait_event_type = 'Extension'") >= @waiting }), 'they wait for an answer');
ok(wait_until(sub { $proxy->count > $before }), 'another one connects');

# no cluster to talk to any more: the collection goes now, on the server it is loaded all the same
drop_tables();
my @pids = map { $_->backend } @waiting, @connecting, $idle;
my $start = time();
$node->kill9;
for my $pid (@pids)
{
	ok(wait_until(sub { !kill 0, $pid }, 30), "backend $pid is gone");
}
note(sprintf 'all backends gone %.2f s after the postmaster', seconds_since($start));
kill 'KILL', grep { kill 0, $_ } @pids;
$proxy->thaw;
$_->quit for @waiting, @connecting, $idle;

# and the cluster starts again
ok(wait_until(sub { eval { $node->start(fail_ok => 1) } }, 60), 'the cluster starts again');
check_log($node, 'at the end');
done_testing();
