# Whatever happens to a write - the server killed or frozen, the statement
# cancelled, the session terminated - what the client was told is what is there.
# The server: one of dev/milvus, which test/tap/keeper kills and starts.
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
my $patience = 180;
my $batch = 50;
my $quick = 5;
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
	$$ BEGIN IF $1 THEN PERFORM pg_advisory_xact_lock(8); END IF; RETURN true; END $$');

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

sub insert
{
	my ($table, $rows) = @_;
	return "INSERT INTO $table SELECT i, 0, ARRAY[i, 1] FROM (SELECT generate_series($first, $first - 1 + " .
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
	my ($what, $table) = @_;
	return ok(wait_until(sub { count_rows('', $table) >= 4 * $batch }, $patience), "$what: rows are being written");
}

# Rows that are there, when the server answers again.
sub found
{
	my ($condition, $table) = @_;
	my $rows;
	wait_until(sub { ($rows = count_rows($condition, $table)) =~ /^\d+$/ }, $patience) or die $rows;
	return $rows;
}

# What the client was told of a server's rows: written, perhaps more, and not written.
sub told
{
	my ($text, $server) = @_;
	my ($written, $perhaps, $not) = (0, 0, 0);
	for ($text =~ /Server "$server", collection "[^"]*": (.*)\.$/mg)
	{
		if (/^not written: (\d+) row/) { $not += $1; next; }
		$written += $1 if /^(\d+) row/;
		$perhaps += $1 if /perhaps (\d+) /;
	}
	return ($written, $perhaps, $not);
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
	is($control->query("SELECT count(DISTINCT id) FROM (SELECT id FROM rows WHERE id >= $first ORDER BY id) s", $patience), found(),
		"$what: no row is there twice");
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

# In seconds, what came of a statement that was ended by something.
sub waited
{
	my ($what, $since, $who) = @_;
	my $text = ($who // $session)->wait($patience);
	cmp_ok(seconds_since($since), '<', $quick, "$what: at once");
	return $text;
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
my $text = waited('cancel', $start);
like($text, qr/ERROR:\s+57014:/, 'cancel: 57014');
agrees('cancel', $text, 'm');
goes_on('cancel');

next_keys();
$start = time();
$text = $session->query("SET statement_timeout = '3s'; " . insert('small') . '; RESET statement_timeout', $patience);
cmp_ok(seconds_since($start), '<', 3 + $quick, 'statement_timeout: at once');
like($text, qr/ERROR:\s+57014:.*statement timeout/, 'statement_timeout: 57014');
agrees('statement_timeout', $text, 'm');
goes_on('statement_timeout');

# --- terminated ---
next_keys();
my $victim = MilvusTap::Session->new($node);
$victim->query("SELECT setval('drawn', $first)");
$victim->send("INSERT INTO small SELECT nextval('drawn'), 0, ARRAY[i, 1] FROM (SELECT generate_series(1, 20000000) AS i) s");
some_rows('terminate');
my $log = -s $node->logfile;
$start = time();
$control->query('SELECT pg_terminate_backend(' . $victim->backend . ')');
$text = waited('terminate', $start, $victim);
like($text, qr/FATAL:\s+57P01:/, 'terminate: 57P01');
ok(wait_until(sub { !kill 0, $victim->backend }, $patience), 'terminate: the process ends');
diag("CLIENT: $text"); diag("LOG: " . slurp_file($node->logfile, $log));
$victim->quit;

done_testing();
