# A setting whose value is none: whoever reads it, the postmaster too, says so and goes on.
use strict;
use warnings;
use lib '.';
use MilvusTap;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $port = need_port('MILVUS_S_PORT', 'MILVUS_L3_PORT');
my $name = 'milvus_fdw.search_params';
my $good = '{"nprobe": 8}';
my %bad = (
	'a null character' => '{"a": "\u0000"}',
	'10,000 brackets' => '{"a": ' . '[' x 10_000 . ']' x 10_000 . '}',
	'10,000 brackets without an end' => '{"a": ' . '[' x 10_000,
	'10,000 objects' => '{"a": ' x 10_000 . '1' . '}' x 10_000,
	'an infinite number' => '{"a": 1e999999}',
	'half an escape' => '{"a": "\\',
	'no object' => '[1]');
# in which encoding a configuration file is, nobody knows: refused where it is used
my $invalid = "{\"a\": \"\xff\xc0\"}";
my $search = "SELECT id FROM rows ORDER BY e OPERATOR(milvus.<->) '{1,1}' LIMIT 1";

my $node = start_cluster(conf => "shared_preload_libraries = 'milvus_fdw'\n$name = '$good'\n");
add_server($node, 'm', $port);
make_table($node, 'm', 'rows', 10);
my $postmaster = (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0];
my $session = MilvusTap::Session->new($node);

# Write it into the configuration file, and come back when the session has read that; what the log said.
sub reload
{
	my ($value, $round) = @_;
	my $at = -s $node->logfile;
	$node->append_conf('postgresql.conf', "$name = '" . $value =~ s/\\/\\\\/gr . "'\nwork_mem = '$round kB'");
	$node->reload;
	ok(wait_until(sub { $session->query('SHOW work_mem') eq "${round}kB" }), '(it is read)');
	return slurp_file($node->logfile, $at);
}

is($session->query("SHOW $name"), $good, 'a setting of the configuration file');
my $round = 100;
for my $what (sort keys %bad)
{
	like(reload($bad{$what}, ++$round), qr/invalid value for parameter "$name"/, "$what: the log tells");
	is($session->query("SHOW $name; $search"), "$good\n1", '... and the session goes on');
	is($node->safe_psql('postgres', "SHOW $name"), $good, '... and there is another');
	like($session->query("SET $name = '$bad{$what}'"), qr/^ERROR:\s+22023: invalid value for parameter/, '... as it is to SET');
}
reload($invalid, ++$round);
like($session->query($search), qr/^ERROR:\s+22021: invalid byte sequence/, 'invalid UTF-8: a search is refused');
is($session->query("SELECT n FROM rows WHERE id = 3; SET $name = '$good'; $search; RESET $name"), "3\n1", '... and the session goes on');
is((split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0], $postmaster, 'the postmaster is the one that it was');
ok(kill(0, $postmaster), '... and there');
$session->quit;

# --- set before the library is there to check it ---
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''\n$name = '$good'\n");
$node->restart;
for my $what (sort keys %bad)
{
	$session = MilvusTap::Session->new($node);
	is($session->query("SET $name = '$bad{$what}'"), '', "$what, before the library is loaded: taken");
	my $said = $session->query($search);
	is(scalar(() = $said =~ /^(?:WARNING|ERROR): /mg), 1, '... said once');
	like($said, qr/^WARNING:\s+22023: invalid value for parameter "$name".*^1$/ms, '... and the statement has its answer');
	is($session->query("$search; SHOW $name"), "1\n$good", '... as the next one, with what was set before');
	$session->quit;
}
$session = MilvusTap::Session->new($node);
like($session->query("BEGIN; SAVEPOINT s; SET LOCAL $name = '[1]'; $search"), qr/^WARNING:\s+22023:.*^1$/ms, 'in a subtransaction');
is($session->query("ROLLBACK TO s; $search; COMMIT; SHOW $name"), "1\n$good", '... and after it');
$session->quit;
$node->safe_psql('postgres', "ALTER DATABASE postgres SET $name = '[1]'");
is($node->psql('postgres', $search), 0, 'set for the database');

drop_tables();
check_log($node, 'at the end');
done_testing();
