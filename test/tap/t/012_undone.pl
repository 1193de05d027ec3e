# A transaction that is undone says what is left in Milvus: also of the request that was
# under way when an error came from elsewhere, as far as it is answered in a moment.
use strict;
use warnings;
use lib '.';
use MilvusTap;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $port = need_port('MILVUS_S_PORT', 'MILVUS_L3_PORT');
my $batch = 50;
my ($node, $proxy, $collection) = start_far($port, rows => 0);
my $columns = '(id bigint NOT NULL, n integer NOT NULL, e real[] NOT NULL)';
my $options = "collection '$collection', consistency_level 'strong', batch_size '$batch'";
$node->safe_psql('postgres', "CREATE FOREIGN TABLE small $columns SERVER m OPTIONS ($options);
	CREATE FOREIGN TABLE late $columns SERVER m OPTIONS ($options, write_mode 'commit');
	CREATE FOREIGN TABLE triggered $columns SERVER m OPTIONS ($options)");
# waits for the lock, and then for nothing: so a test decides when the statement goes on
$node->safe_psql('postgres', q{CREATE FUNCTION hold(boolean) RETURNS boolean LANGUAGE plpgsql AS
	$$ BEGIN IF $1 THEN PERFORM pg_advisory_xact_lock(8); END IF; RETURN true; END $$;
	CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN IF NEW.n = 1 THEN PERFORM hold(true); RAISE 'refused' USING ERRCODE = 'P0004'; END IF; RETURN NEW; END $$;
	CREATE TRIGGER refuse BEFORE INSERT ON triggered FOR EACH ROW EXECUTE FUNCTION refuse()});
my $control = MilvusTap::Session->new($node);
my $session = MilvusTap::Session->new($node);
my $first = 1;

sub found { return $control->query("SELECT count(*) FROM rows WHERE id >= $first"); }

# A statement that has sent a request, waits for the lock, and then fails by itself.
sub fail_while
{
	my ($sql) = @_;
	$first += 1000;
	$control->query('SELECT pg_advisory_lock(8)');
	$session->send($sql);
	ok(waits($control, $session, 'Lock'), '(a statement in its midst)');
	ok(wait_until(sub { found() eq $batch }), '(whose first request has been done)');
	my $start = time();
	$control->query('SELECT pg_advisory_unlock(8)');
	my $text = $session->wait;
	note(sprintf 'said after %.3f s', seconds_since($start));
	return $text;
}

sub rows { my ($end) = @_; return sprintf '(SELECT generate_series(%d, %d) AS i) s', $first + 1000, $first + 999 + $end; }

for my $part (
	[ 'the query', '22012', sub { 'INSERT INTO small SELECT i, CASE WHEN hold(i % 1000 = 61) THEN 1 / (i % 1000 - 61) END, ARRAY[i, 1] FROM ' . rows(80) } ],
	[ 'a trigger', 'P0004', sub { 'INSERT INTO triggered SELECT i, CASE WHEN i % 1000 = 61 THEN 1 ELSE 0 END, ARRAY[i, 1] FROM ' . rows(80) } ],
	[ 'a DELETE', '22012', sub {
		$session->query('INSERT INTO small SELECT i, 0, ARRAY[i, 1] FROM ' . rows(2 * $batch));
		'DELETE FROM small WHERE id >= ' . ($first + 1000) . ' AND CASE WHEN hold(id % 1000 = 61) THEN 1 / (id % 1000 - 61) END < 5' } ],
	[ 'a caught error', '', sub { "DO \$\$ BEGIN INSERT INTO small SELECT i, CASE WHEN hold(i % 1000 = 61) THEN 1 / (i % 1000 - 61) END, ARRAY[i, 1] FROM " .
		rows(80) . '; EXCEPTION WHEN division_by_zero THEN END $$' } ])
{
	my ($what, $sqlstate, $sql) = @$part;
	# (the rows' numbers end in 001 to 080)
	my $text = fail_while($sql->());
	like($text, qr/ERROR:\s+$sqlstate:/, "$what: its own error") if $sqlstate;
	like($text, qr/WARNING:.*what was written to Milvus is not rolled back/, "$what: a warning");
	is(join(' ', told($text, 'm')), "$batch 0 0", "$what: the client is told what is there, not what may be") or diag($text);
	is($session->query("SELECT count(*) FROM small WHERE id >= $first"), $batch, "$what: the session reads it");
}

# COPY's own parser; more than it reads at once
$first += 1000;
my ($lines, $flag) = map { $node->basedir . "/$_" } 'lines', 'go_on';
append_to_file($lines, join '', map { ($first + $_) . "\t0\t{1,1}\n" } 0 .. 9999);
$session->send("COPY small FROM PROGRAM 'cat $lines; until test -e $flag; do sleep 0.05; done; echo not a number'");
my $there;
ok(wait_until(sub { my $before = $there // 0; $there = found(); $there > 0 && $there == $before }), '(a COPY that waits for its input)');
append_to_file($flag, '');
my $text = $session->wait;
like($text, qr/ERROR:\s+22P0[24]:/, 'COPY: its own error');
my ($written, $perhaps) = told($text, 'm');
is($perhaps, 0, 'COPY: the client is told what is there, not what may be') or diag($text);
is($written, found(), 'COPY: ... and it is');

# Send an INSERT whose rows number $holds wait for the lock, have $fault come over the line, and let it go on; what it says.
sub insert_while
{
	my ($holds, $then, $fault) = @_;
	$first += 10_000;
	$control->query('SELECT pg_advisory_lock(8)');
	$session->send("INSERT INTO small SELECT i, CASE WHEN hold(i % 1000 IN ($holds)) THEN $then END, ARRAY[i, 1] FROM " .
		"(SELECT generate_series($first, $first + 179) AS i) s");
	ok(waits($control, $session, 'Lock'), '(a statement in its midst)');
	$fault->();
	$control->query('SELECT pg_advisory_unlock(8)');
	return $session->wait;
}

# not answered: nobody knows, which is said, and soon
my $start;
$text = insert_while('41, 61', '1 / (i % 1000 - 61)', sub { $proxy->freeze; $start = time() });
my $seconds = seconds_since($start);
$proxy->thaw;
like($text, qr/ERROR:\s+22012:/, 'not answered: the query\'s own error');
is(join(' ', told($text, 'm')), "0 $batch 0", 'not answered: perhaps') or diag($text);
# (for an answer nobody would wait so long)
cmp_ok($seconds, '<', 5, 'not answered: the error comes soon');
note(sprintf 'after %.3f s', $seconds);

# a connection that dies without a word under a write: keepalives find it, there is no request_timeout
$node->safe_psql('postgres', "ALTER SERVER m OPTIONS (ADD keepalives_idle '1', ADD keepalives_interval '5', ADD keepalives_count '1')");
is($session->query('SELECT count(*) FROM small WHERE id = 0'), 0, '(a connection)');
my $before = $proxy->count;
$text = insert_while('131', '0', sub { $proxy->silence });
like($text, qr/ERROR:\s+08006: could not reach Milvus server "m".*no sign of life/s, 'silence: 08006') or diag($text);
($written, $perhaps) = told($text, 'm');
is($perhaps, $batch, 'silence: the request that was not answered is told as perhaps written');
$there = found();
ok($there >= $written && $there <= $written + $perhaps && $written >= $batch, 'silence: ... and the others as they are') or diag("$there rows: $text");
is($proxy->count, $before, 'silence: ... and none is sent again');
is($session->query("SELECT count(*) FROM small WHERE id >= $first"), $there, 'silence: the next statement connects anew');
$node->safe_psql('postgres', 'ALTER SERVER m OPTIONS (DROP keepalives_idle, DROP keepalives_interval, DROP keepalives_count)');

# a COMMIT that is cancelled, wherever it is: each row is accounted for
my $all = 1000;
my %outcomes;
for my $round (1 .. 40)
{
	$first += 10_000;
	$session->query("BEGIN; INSERT INTO late SELECT i, 0, ARRAY[i, 1] FROM (SELECT generate_series($first, $first + $all - 1) AS i) s");
	$session->send('COMMIT');
	Time::HiRes::usleep(int(rand(40_000)));
	kill 'INT', $session->backend;
	$text = $session->wait;
	if ($text eq '') { $outcomes{committed}++; next; }
	$there = found();
	# before the COMMIT began, as any other statement: nothing was sent, and there is nothing to say
	if ($text !~ /Server "m", collection/) { like($text, qr/57014:/, "round $round: before the COMMIT"); is($there, 0, "round $round: ... nothing is there"); next; }
	my ($done, $doubtful, $not) = told($text, 'm');
	$outcomes{ $doubtful ? 'perhaps' : 'certain' }++;
	is($done + $doubtful + $not, $all, "round $round: all rows are accounted for") or diag($text);
	ok($there >= $done && $there <= $done + $doubtful, "round $round: ... as they are") or diag("$there rows: $text");
}
note(join ', ', map { "$_ $outcomes{$_}" } sort keys %outcomes);

$_->quit for $control, $session;
drop_tables();
check_log($node, 'at the end');
done_testing();
