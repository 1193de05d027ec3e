# A large collection read whole: each row once, in little memory; with a LIMIT
# no more than asked.
use strict;
use warnings;
use lib '.';
use MilvusTap;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

need_port('MILVUS_S_PORT', 'MILVUS_L3_PORT');
my $node = start_cluster(conf => "log_statement = none\nwork_mem = '4MB'\n");
my $limit_kb = 64 * 1024;

# kB of a process's own memory
sub rss
{
	my ($pid) = @_;
	open my $file, '<', "/proc/$pid/status" or return;
	while (<$file>) { return $1 if /^RssAnon:\s+(\d+)/; }
	return;
}

# A process that notes the highest memory of a backend till it is told to stop.
sub start_sampler
{
	my ($pid) = @_;
	pipe(my $from, my $to) or die "pipe: $!";
	my $child = fork() // die "fork: $!";
	if ($child == 0)
	{
		my ($peak, $stop) = (0, 0);
		close $from;
		$SIG{TERM} = sub { $stop = 1 };
		until ($stop)
		{
			my $now = rss($pid) // last;
			$peak = $now if $now > $peak;
			usleep(5000);
		}
		syswrite $to, "$peak\n";
		require POSIX;
		POSIX::_exit(0);
	}
	close $to;
	return [ $child, $from ];
}

sub stop_sampler
{
	my ($child, $from) = @{ $_[0] };
	kill 'TERM', $child;
	my $peak = readline $from;
	waitpid $child, 0;
	chomp $peak;
	return $peak;
}

for (
	[ 'S', $ENV{MILVUS_S_PORT}, $ENV{MILVUS_TEST_ROWS} // 1_000_000 ],
	[ 'L3', $ENV{MILVUS_L3_PORT}, $ENV{MILVUS_TEST_ROWS_L3} // $ENV{MILVUS_TEST_ROWS} // 100_000 ])
{
	my ($kind, $port, $rows) = @$_;
	next unless $port;
	my $server = lc "m_$kind";
	my $table = lc "many_$kind";
	my $start = time();
	add_server($node, $server, $port);
	make_table($node, $server, $table, $rows);
	note(sprintf '%s: %d rows loaded in %.1f s', $kind, $rows, seconds_since($start));

	my $session = MilvusTap::Session->new($node);
	# what the first call takes is not what the scan takes
	is($session->query("SELECT id FROM $table WHERE id = 7"), '7', "$kind: a row");
	# the rows go through the backend; nothing but the numbers comes to us
	for (
		[ 'the whole table', "SELECT count(*), sum(id), min(id), max(id), sum(n), sum(e[1]::bigint) FROM $table" ],
		[ 'a cursor', "DO \$\$ DECLARE r record; c bigint := 0; BEGIN FOR r IN SELECT * FROM $table LOOP c := c + r.id; END LOOP; PERFORM set_config('tap.sum', c::text, false); END \$\$; SELECT current_setting('tap.sum')" ])
	{
		my ($what, $sql) = @$_;
		my $before = rss($session->backend);
		my $sampler = start_sampler($session->backend);
		$start = time();
		my $found = $session->query($sql, 600);
		my $took = seconds_since($start);
		my $peak = stop_sampler($sampler);
		my $after = rss($session->backend);
		my $sum = $rows * ($rows + 1) / 2;
		my $sum_n = 0;
		$sum_n += $_ % 1000 for 1 .. $rows;
		is($found, $what eq 'a cursor' ? $sum : "$rows|$sum|1|$rows|$sum_n|$sum", "$kind: $what: each row once");
		note(sprintf '%s: %s: %.1f s, RssAnon %d kB before, %d kB at the peak, %d kB after',
			$kind, $what, $took, $before, $peak, $after);
		cmp_ok($peak - $before, '<', $limit_kb, "$kind: $what: less than 64 MB more at the peak");
		cmp_ok($after - $before, '<', $limit_kb, "$kind: $what: less than 64 MB more after it");
	}
	is($session->query("SELECT count(DISTINCT id) FROM $table", 600), $rows, "$kind: no row twice");

	# LIMIT
	my $json = $session->query("EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM $table LIMIT 10");
	my ($requests) = $json =~ /"Milvus Requests": (\d+)/;
	my ($sent) = $json =~ /"Milvus Rows": (\d+)/;
	is($requests, 1, "$kind: LIMIT 10 is one request") or diag($json);
	cmp_ok($sent // 1e9, '<=', 10, "$kind: ... and at most ten rows") or diag($json);
	is($session->query("SELECT count(*) FROM (SELECT * FROM $table LIMIT 10) s"), 10, "$kind: ... which are there");
	$session->quit;
	drop_tables();
}
check_log($node, 'at the end');
done_testing();
