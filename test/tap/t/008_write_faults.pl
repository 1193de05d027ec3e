# Whatever happens to a write - the server killed or frozen, the statement
# cancelled, the session terminated - what the client was told is what is there.
# The server: one of dev/milvus, which test/tap/keeper kills, freezes and starts.
use strict;
use warnings;
use lib '.';
use MilvusTap;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $port = need_port('MILVUS_FAULT_PORT');
need_port('MILVUS_FAULT_CONTROL');
need_port('MILVUS_L3_PORT');
my $patience = 180;
my $batch = 50;
milvus('ready');
my $node = start_cluster(conf => "restart_after_crash = on\n");
my $proxy = MilvusTap::Proxy->new($port);
add_server($node, 'm', $port);
add_server($node, 'timed', $port, "request_timeout '2'");
add_server($node, 'cut', $proxy->port);
my $collection = make_table($node, 'm', 'rows', 0);
foreign_table('small', 'm');
foreign_table('late', 'm', "write_mode 'commit'");
foreign_table('small_timed', 'timed');
foreign_table('small_cut', 'cut');
# a row that waits for the lock, and does nothing else
$node->safe_psql('postgres', 'CREATE TABLE here (id bigint); CREATE SEQUENCE drawn;
	CREATE FUNCTION hold(boolean) RETURNS boolean LANGUAGE plpgsql AS
	$$ BEGIN IF $1 THEN PERFORM pg_advisory_xact_lock(8); END IF; RETURN true; END $$;
	CREATE FUNCTION held(bigint) RETURNS bigint STABLE LANGUAGE plpgsql AS
	$$ BEGIN PERFORM pg_advisory_xact_lock(8); RETURN $1; END $$');

# A foreign table on the collection that writes many small requests.
sub foreign_table
{
	my ($name, $server, $options, $other) = @_;
	$node->safe_psql('postgres', "CREATE FOREIGN TABLE $name (id bigint NOT NULL, n integer NOT NULL, e real[] NOT NULL)
		SERVER $server OPTIONS (collection '" . ($other // $collection) . "', consistency_level 'strong', batch_size '$batch'" .
		($options ? ", $options)" : ')'));
	return;
}

my $control = MilvusTap::Session->new($node);
my $session = MilvusTap::Session->new($node);

# Each part has keys of its own, from $first on; to no end that would be reached.
my $first = 1;
sub next_keys { $first += 100_000_000; return; }

# Several writers of a part differ by $n, at most 4.
sub insert
{
	my ($table, $rows, $n) = @_;
	my $from = $first + 20_000_000 * ($n //= 0);
	return "INSERT INTO $table SELECT i, $n, ARRAY[i, 1] FROM (SELECT generate_series($from, $from - 1 + " .
	  ($rows // 20_000_000) . ') AS i) s';
}

# Rows of this part, by what Milvus counts.
sub count_rows
{
	my ($condition, $table) = @_;
	return $control->query("SELECT count(*) FROM " . ($table // 'rows') . " WHERE id >= $first" .
		($condition ? " AND $condition" : ''), $patience);
}

sub some_rows
{
	my ($what, $condition, $table) = @_;
	ok(wait_until(sub { count_rows($condition, $table) >= 4 * $batch }, $patience), "$what: rows are being written");
	return;
}

# Rows that are there, when the server answers again.
sub found
{
	my ($condition, $table) = @_;
	my $rows;
	wait_until(sub {
		$rows = count_rows($condition, $table);
		return 1 if $rows =~ /^\d+$/;
		# one that was frozen for too long gives up
		milvus('ready');
		return 0;
	}, $patience) or die $rows;
	return $rows;
}

# Between what was told to be written and what may be, and no row twice.
sub agrees
{
	my ($what, $text, $server, $rows) = @_;
	my ($written, $perhaps) = told($text, $server);
	like($text, qr/Server "$server", collection/, "$what: the client was told") or diag($text);
	$rows //= found();
	cmp_ok($rows, '>=', $written, "$what: as many rows as were told to be written");
	cmp_ok($rows, '<=', $written + $perhaps, "$what: and not more than may have been");
	cmp_ok($perhaps, '<=', $batch, "$what: one request may be in doubt");
	# an unanswered request may still be done, between the two counts
	ok(wait_until(sub { $control->query("SELECT count(DISTINCT id) FROM (SELECT id FROM rows WHERE id >= $first ORDER BY id) s",
		$patience) eq found() }, 30), "$what: no row is there twice");
	note("$what: told $written, and perhaps $perhaps; there are $rows");
	return;
}

sub goes_on
{
	my ($what) = @_;
	next_keys();
	is($session->query(insert('small', 3), $patience), '', "$what: the session writes again");
	is(found(), 3, "$what: ... and its rows are there");
	return;
}

# What a key that is there twice looks like.
$control->query("INSERT INTO rows VALUES ($first, 0, '{1,1}'); INSERT INTO rows VALUES ($first, 0, '{1,1}')");
is(found(), 2, 'a key written twice is counted twice');

# --- cancelled ---
next_keys();
$session->send(insert('small'));
some_rows('cancel');
my $start = time();
$control->query('SELECT pg_cancel_backend(' . $session->backend . ')');
my $text = $session->wait($patience);
cmp_ok(seconds_since($start), '<', 5, 'cancel: at once');
like($text, qr/ERROR:\s+57014:/, 'cancel: 57014');
agrees('cancel', $text, 'm');
goes_on('cancel');

next_keys();
$start = time();
$text = $session->query("SET statement_timeout = '3s'; " . insert('small') . '; RESET statement_timeout', $patience);
cmp_ok(seconds_since($start), '<', 3 + 5, 'statement_timeout: at once');
like($text, qr/ERROR:\s+57014:.*statement timeout/, 'statement_timeout: 57014');
agrees('statement_timeout', $text, 'm');
goes_on('statement_timeout');

# --- terminated ---
next_keys();
my $victim = MilvusTap::Session->new($node);
$victim->query("SELECT setval('drawn', $first)");
$victim->send("INSERT INTO small SELECT nextval('drawn'), 0, ARRAY[i, 1] FROM (SELECT generate_series(1, 20000000) AS i) s");
some_rows('terminate');
$start = time();
$control->query('SELECT pg_terminate_backend(' . $victim->backend . ')');
$text = $victim->wait($patience);
cmp_ok(seconds_since($start), '<', 5, 'terminate: at once');
like($text, qr/FATAL:\s+57P01:/, 'terminate: 57P01');
ok(wait_until(sub { !kill 0, $victim->backend }, $patience), 'terminate: the process ends');
$victim->quit;
agrees('terminate', $text, 'm');
cmp_ok(found(), '<=', $control->query('SELECT last_value FROM drawn') - $first + 1, 'terminate: no more rows than were made');

next_keys();
for my $state ('active', 'idle in transaction')
{
	$victim = MilvusTap::Session->new($node);
	$victim->query("SET work_mem = '64kB'; BEGIN");
	$victim->send(insert('late', $state eq 'active' ? () : 10_000));
	ok(wait_until(sub { $control->query("SELECT state = '$state' AND (SELECT sum(size) > 0 FROM pg_ls_tmpdir())
		FROM pg_stat_activity WHERE pid = " . $victim->backend) eq 't' }, $patience), "write_mode 'commit', terminated $state: rows are kept");
	$control->query('SELECT pg_terminate_backend(' . $victim->backend . ')');
	$victim->send('SELECT 1');
	like($victim->wait, qr/FATAL:\s+57P01:/, '... 57P01');
	ok(wait_until(sub { !kill 0, $victim->backend }, $patience), '... the process ends');
	is(found(), 0, '... nothing is there');
	is($control->query('SELECT count(*) FROM pg_ls_tmpdir()'), '0', '... nor a temporary file');
	$victim->quit;
}

# --- frozen: request_timeout ends it ---
# The statement waits for the lock in its midst, the server freezes, and the statement goes on.
sub frozen
{
	my ($sql) = @_;
	$control->query('SELECT pg_advisory_lock(8)');
	$session->send($sql);
	ok(waits($control, $session, 'Lock'), 'a statement in its midst');
	milvus('freeze');
	$control->query('SELECT pg_advisory_unlock(8)');
	my $said = eval { $session->wait($patience) } // $@;
	milvus('ready');
	return $said;
}

for (
	[ 'frozen INSERT', 'INSERT INTO small_timed SELECT i, 7, ARRAY[i, 1] FROM (SELECT generate_series(%d, %d) AS i) s WHERE hold(i = %d)' ],
	[ 'frozen UPDATE', 'UPDATE small_timed SET n = 7 WHERE id BETWEEN %d AND %d AND hold(id = %d)' ],
	[ 'frozen DELETE', 'DELETE FROM small_timed WHERE id BETWEEN %d AND %d AND hold(id = %d)' ])
{
	my ($what, $sql) = @$_;
	next_keys();
	$session->query(insert('small', 6 * $batch)) unless $what =~ /INSERT/;
	$text = frozen(sprintf $sql, $first, $first + 6 * $batch - 1, $first + 4.5 * $batch);
	like($text, qr/ERROR:\s+08006:.*did not answer in time/, "$what: 08006");
	agrees($what, $text, 'timed', $what =~ /DELETE/ ? 6 * $batch - found() : found('n = 7'));
	goes_on($what);
}

# one request of all its rows, which waits for the lock before it is sent
next_keys();
$session->query(insert('small', 6 * $batch));
$session->query('SET plan_cache_mode = force_generic_plan; PREPARE d(bigint) AS DELETE FROM small_timed WHERE id >= held($1)');
like($session->query("EXPLAIN EXECUTE d($first)"), qr/Foreign Delete/, 'a DELETE by filter');
$text = frozen("EXECUTE d($first)");
like($text, qr/ERROR:\s+08006:.*did not answer in time/, "frozen DELETE by filter: 08006");
like($text, qr/perhaps all rows that a DELETE selects, whose request was not answered/,
	'frozen DELETE by filter: the client was told that nobody knows how many rows it was');
goes_on('frozen DELETE by filter');

# --- killed ---
next_keys();
$session->send(insert('small'));
some_rows('kill');
milvus('kill9');
$text = $session->wait($patience);
like($text, qr/ERROR:\s+08(006|001):/, 'kill: class 08');
my ($before) = $text =~ /^(\d+) rows of this statement had been written to Milvus before\.$/m;
is($before // 'nothing', (told($text, 'm'))[0], 'kill: the error tells what the warning does');
milvus('restart');
agrees('kill', $text, 'm');
goes_on('kill');

# --- killed, with write_mode 'commit': before COMMIT, in its midst, and between two servers ---
my $l3 = MilvusTap::Proxy->new($ENV{MILVUS_L3_PORT});
add_server($node, 'near', $ENV{MILVUS_L3_PORT});
add_server($node, 'far', $l3->port);
foreign_table('late_other', 'far', "write_mode 'commit'", make_table($node, 'near', 'others', 0));
next_keys();
my @sessions = map { MilvusTap::Session->new($node) } 0 .. 2;
my ($early, $midst, $between) = @sessions;
my $begin = 'BEGIN; INSERT INTO here VALUES (1); ';
my $all = 100_000;
is($early->query($begin . insert('late', 1000, 1), $patience), '', 'a transaction that will be too late');
is($midst->query($begin . insert('late', $all, 2), $patience), '', '... that will have begun to commit');
is($between->query($begin . insert('late_other', $all / 5, 3) . '; ' . insert('late', 1000, 3), $patience), '',
	'... that will have written to one server of two');
$between->send('COMMIT');
some_rows('two servers', '', 'others');
$l3->freeze;
note(found('', 'others') . ' rows were written to the first of two servers when it was stopped');
$midst->send('COMMIT');
some_rows('commit', 'n = 2');
milvus('kill9');
$l3->thaw;
$early->send('COMMIT');
my ($said_early, $said_midst, $said_between) = map { $_->wait($patience) } @sessions;
milvus('restart');

like($said_early, qr/ERROR:\s+08(006|001):/, 'killed before COMMIT: class 08');
is(found('n = 1'), 0, 'killed before COMMIT: nothing is there');

like($said_midst, qr/ERROR:\s+08(006|001):/, 'killed in mid-COMMIT: class 08');
agrees('killed in mid-COMMIT', $said_midst, 'm', found('n = 2'));
my ($written, $perhaps, $not) = told($said_midst, 'm');
cmp_ok($not, '>=', $all - $written - $batch, 'killed in mid-COMMIT: the client was told how many rows are not written');
cmp_ok($not, '<=', $all - found('n = 2'), 'killed in mid-COMMIT: ... and they are not');

like($said_between, qr/ERROR:\s+08(006|001): could not reach Milvus server "m"/, 'two servers, the second killed: class 08');
is(join(', ', told($said_between, 'far')), $all / 5 . ', 0, 0', 'two servers: the client was told that all is written to the first');
is(found('n = 3', 'others'), $all / 5, 'two servers: ... and it is');
agrees('two servers', $said_between, 'm', found('n = 3'));
($written, $perhaps, $not) = told($said_between, 'm');
is($written, 0, 'two servers: the client was told that nothing is written to the second');
is($perhaps + $not, 1000, 'two servers: ... of all the rows');
($written, $perhaps, $not) = told($said_early, 'm');
is($written, 0, 'killed before COMMIT: the client was told that no row is written');
is($perhaps + $not, 1000, '... but perhaps those of a request that was under way');
is($control->query('SELECT count(*) FROM here'), '0', 'all of them are rolled back here');
is($_->query("$begin INSERT INTO late VALUES ($first, 4, '{1,1}'); COMMIT", $patience), '', 'a session commits again')
  for @sessions;
is(found('n = 4'), 3, '... and its row is there');
$_->quit for @sessions;

# --- not answered, and the connection lost: not sent again ---
next_keys();
$session->send(insert('small_cut'));
some_rows('unanswered');
milvus('freeze');
ok(waits($control, $session), 'unanswered: the write waits');
$proxy->cut;
$text = $session->wait($patience);
milvus('ready');
like($text, qr/ERROR:\s+08(006|001):/, 'unanswered: class 08');
agrees('unanswered', $text, 'cut');
goes_on('unanswered');
check_log($node, 'before a backend is killed');

# --- restarted: Milvus loads by itself what was loaded ---
next_keys();
$session->query(insert('small', 3), $patience);
milvus('kill9');
milvus('restart');
$text = $control->query("SELECT count(*) FROM rows WHERE id >= $first");
like($text, qr/^3$|ERROR:\s+55000: collection "[^"]*" of Milvus server "m" is being loaded\n/, 'restarted: the answer, or an error that says why not');
note($text);
is($session->query("SET milvus_fdw.wait_for_load = '3min'; SELECT count(*) FROM rows WHERE id >= $first", $patience), '3',
	'restarted, with wait_for_load: the answer');

# --- a backend killed that keeps rows in a temporary file ---
next_keys();
$victim = MilvusTap::Session->new($node);
$victim->query("SET work_mem = '64kB'; BEGIN");
$victim->send(insert('late'));
ok(wait_until(sub { $control->query('SELECT sum(size) > 1000000 FROM pg_ls_tmpdir()') eq 't' }, $patience), 'rows are kept in a temporary file');
kill 'KILL', $victim->backend;
# the crash ends all sessions
ok(wait_until(sub { $control->query('SELECT 1') ne '1' }, $patience), 'a backend killed: PostgreSQL begins anew');
$_->quit for $victim, $session, $control;
ok(wait_until(sub { $node->psql('postgres', 'SELECT 1') == 0 }, $patience), '... and is there again');
is(join(' ', glob($node->data_dir . '/base/pgsql_tmp/*')), '', '... and no temporary file is left');
($control, $session) = map { MilvusTap::Session->new($node) } 1, 2;
is(found(), 0, '... and nothing was written');
goes_on('a backend killed');
my @crashes = slurp_file($node->logfile) =~ /terminated by signal (\d+)/g;
is("@crashes", '9', '... and nothing else crashed');

$_->quit for $control, $session;
drop_tables();
done_testing();
