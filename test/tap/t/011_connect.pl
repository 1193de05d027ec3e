# connect_timeout is the limit of an attempt to connect; a refusal is an error at once, again and again.
use strict;
use warnings;
use lib '.';
use MilvusTap;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);

my $port = need_port('MILVUS_S_PORT', 'MILVUS_L3_PORT');
my ($node, $proxy, $collection) = start_far($port);
$node->safe_psql('postgres', "CREATE FOREIGN TABLE few (id bigint, n integer, e real[])
	SERVER m OPTIONS (collection '$collection', consistency_level 'strong', fetch_size '10')");
my $answer = 'SELECT count(*), sum(id) FROM (SELECT id FROM far WHERE id <= 50 ORDER BY id LIMIT 50) s';
my $good = '50|1275';

# Is there a socket in the state SYN_SENT to that port? (gRPC's are of IPv6, whatever the address.)
sub is_connecting { my ($to) = @_; return grep { slurp_file($_) =~ sprintf(':%04X 02 ', $to) } glob '/proc/net/tcp*'; }

# one that takes longer than gRPC gives an attempt by default, and than connect_timeout does: it is waited for to the end of this file
my $slow = MilvusTap::Proxy->new($port);
add_server($node, 'slow', $slow->port, "connect_timeout '30'");
$slow->delay(21);
my $patient = MilvusTap::Session->new($node);
$patient->send("SELECT milvus.get('slow', 'ShowCollections') ? 'collection_names'");

# --- a server that is far away, or takes its time within the first word ---
for my $part ([ 'far away', [ delay => 1.5 ] ], [ 'very far away', [ delay => 3 ] ], [ 'slow with its SETTINGS', [ stall => 4, 1.5 ] ])
{
	my ($what, $fault) = @$part;
	my $session = MilvusTap::Session->new($node);
	my $before = $proxy->count;

	$proxy->tell(@$fault);
	is($session->query($answer), $good, "$what: an answer");
	is($proxy->count, $before + 1, '... by the first attempt');
	$proxy->delay(0);
	$proxy->stall(0, 0);
	$session->quit;
}

# --- a server that does not accept: its queue is full, or the first packets are lost ---
my $session = MilvusTap::Session->new($node);
$proxy->deaf(1);
$session->send($answer);
ok(wait_until(sub { is_connecting($proxy->port) }), 'a connection whose SYN is not answered');
sleep(1.5);
$proxy->deaf(0);
is($session->wait, $good, '... is waited for');
$session->quit;

# --- a thin line, a server that goes, a reset ---
my $thin = MilvusTap::Session->new($node);
$proxy->trickle(20_000);
is($thin->query('SELECT count(*), sum(n) FROM (SELECT n, e FROM far ORDER BY id) s'), '100|5050', '20 kB a second: an answer');
$proxy->trickle(0);
for my $word (qw(goaway reset cut))
{
	my ($before, $bad) = $proxy->count;
	ok(wait_until(sub {
		$proxy->tell($word);
		my $text = $thin->query($answer);
		$bad //= $text if $text ne $good;
		return $bad || $proxy->count >= $before + 5;
	}), "$word: five connections have ended so");
	is($bad, undef, '... and each statement had its answer');
}
$thin->query('BEGIN; DECLARE c CURSOR FOR SELECT id FROM few ORDER BY id; FETCH 1 FROM c');
for my $word (qw(goaway reset cut))
{
	$proxy->tell($word);
	is(scalar(split /\n/, $thin->query('FETCH 30 FROM c')), 30, "$word between two pages of a cursor");
}
$thin->quit;

# --- one that does not say it in time ---
$node->safe_psql('postgres', "ALTER SERVER m OPTIONS (ADD connect_timeout '2')");
$session = MilvusTap::Session->new($node);
for my $part ([ 'is silent', 'freeze', 'thaw' ], [ 'does not accept', 'deaf 1', 'deaf 0' ])
{
	my ($what, $begin, $end) = @$part;
	$session->query('SELECT milvus.disconnect_all()');
	$proxy->tell($begin);
	my $start = time();
	like($session->query($answer), qr/ERROR:\s+08001:.*There was no answer within 2 s/s, "connect_timeout 2, of one that $what: an error");
	my $seconds = seconds_since($start);
	cmp_ok($seconds, '>=', 1.9, '... not before');
	note(sprintf 'after %.2f s', $seconds);
	$proxy->tell($end);
	is($session->query($answer), $good, '... and then an answer');
}

# --- nobody there: the reason, at once, for each of many statements that catch it ---
my $statements = 100;
my $timeout = 30;
$node->safe_psql('postgres', "ALTER SERVER m OPTIONS (SET connect_timeout '$timeout')");
my $many = <<"SQL";
DO \$\$
DECLARE told text;
BEGIN
	FOR i IN 1 .. $statements LOOP
		BEGIN
			PERFORM count(*) FROM far;
			RAISE 'it was there';
		EXCEPTION WHEN sqlclient_unable_to_establish_sqlconnection OR connection_failure THEN
			GET STACKED DIAGNOSTICS told = PG_EXCEPTION_DETAIL;
		END;
	END LOOP;
	RAISE NOTICE 'told: %', told;
END \$\$
SQL
is($session->query($answer), $good, 'a connection');
my $start = time();
$proxy->refuse(1);
$proxy->reset;
my $before = $proxy->count;
like($session->query($many), qr/told: .*(reset|closed)/i, "reset: $statements statements of a block are told so");
cmp_ok($proxy->count - $before, '>=', $statements, '... each has tried');
# (waiting for a back-off took a second each, several times a statement)
cmp_ok(seconds_since($start), '<', $timeout, '... all in less than one attempt may take');
note(sprintf "after %.2f s", seconds_since($start));
$proxy->refuse(0);
is($session->query($answer), $good, 'when somebody is there, the next statement has its answer');
$proxy->stop;
like($session->query($answer), qr/ERROR:\s+08001:.*refused/s, 'refused: an error that says so');
$proxy->start;
is($session->query($answer), $good, 'when somebody is there, the next statement has its answer');

# --- a connection that died without a word: a firewall forgot it ---
$node->safe_psql('postgres', "ALTER SERVER m OPTIONS (DROP connect_timeout, ADD keepalives_idle '1', ADD keepalives_interval '1', ADD keepalives_count '1')");
is($session->query($answer), $good, 'a connection');
$proxy->silence;
$start = time();
is($session->query($answer), $good, 'silence: what can be repeated has its answer by another connection');
note(sprintf 'after %.2f s', seconds_since($start));
$proxy->silence;
like($session->query("INSERT INTO far VALUES (1001, 1, '{1,1}')"), qr/^$/, 'silence: an INSERT is not begun on it, since the description is asked for before');
# in the middle of a statement: the connection dies between the description and the rows
$session->query("SET milvus_fdw.consistency_level = 'eventually'");
$session->query('BEGIN; DECLARE c CURSOR FOR SELECT id FROM far ORDER BY id; FETCH 1 FROM c');
$proxy->silence;
like($session->query('FETCH ALL FROM c; COMMIT'), qr/100/, 'silence between two FETCHes of a page that is here');
# keepalives off: the statement hangs, and its cancel is heard
$node->safe_psql('postgres', "ALTER SERVER m OPTIONS (ADD keepalives 'false')");
is($session->query($answer), $good, 'keepalives off');
$proxy->silence;
$session->send($answer);
is(eval { $session->wait(5) }, undef, '... a dead connection is waited for');
kill 'INT', $session->backend;
like($session->wait, qr/57014/, '... until somebody cancels');

# --- request_timeout: the connection is not used again ---
$node->safe_psql('postgres', "ALTER SERVER m OPTIONS (ADD request_timeout '1')");
is($session->query($answer), $good, 'request_timeout');
$proxy->silence;
like($session->query($answer), qr/ERROR:\s+08006:.*did not answer in time/, '... on a dead connection: an error');
is($session->query($answer), $good, '... and the next statement connects anew');

# its limit is that of the whole wait: also of finding the connection dead, and asking again on another
$node->safe_psql('postgres', "ALTER SERVER m OPTIONS (SET request_timeout '3', SET keepalives 'true')");
is($session->query($answer), $good, 'request_timeout with keepalives');
$proxy->freeze;
$start = time();
like($session->query($answer), qr/ERROR:\s+08006:/, '... of a server that is frozen: an error');
# (connect_timeout alone is 10 s)
cmp_ok(seconds_since($start), '<', 8, '... in time');
note(sprintf 'after %.2f s', seconds_since($start));
$proxy->thaw;

# --- a probe is answered: a slow answer is waited for. The double answers when it is asked twice ---
my $double = $ENV{MILVUS_D_PORT};
SKIP:
{
	skip 'MILVUS_D_PORT is not set', 2 unless $double;
	add_server($node, 'd', $double, "keepalives_idle '1', keepalives_interval '1', keepalives_count '10'");
	my $control = MilvusTap::Session->new($node);
	my $tell = sub { my ($order) = @_; return $control->query("SELECT milvus.call('d', 'Dummy', jsonb_build_object('request_type', '$order'::jsonb)) ->> 'response'") };
	my $ask = q{SELECT milvus.get('d', 'ShowCollections') IS NOT NULL};
	$tell->('{"op": "reset"}');
	$tell->('{"op": "gather", "rpc": "ShowCollections", "count": 2}');
	$session->send($ask);
	ok(wait_until(sub { $tell->('{"op": "counts"}') =~ /"GetVersion": [2-9]/ }, 18), 'a healthy server that takes its time: it is asked whether it lives');
	$control->query($ask);
	is($session->wait, 't', '... and waited for');
	$control->quit;
}

is($patient->wait, 't', 'one that took 21 s to connect was waited for');
$_->quit for $patient, $session;
drop_tables();
check_log($node, 'at the end');
done_testing();
