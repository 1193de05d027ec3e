# Changes of a server count from the next statement on; connections are seen
# and closed; two servers in one query.
use strict;
use warnings;
use lib '.';
use MilvusTap;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $port = need_port('MILVUS_S_PORT', 'MILVUS_L3_PORT');
my ($node, $proxy) = start_far($port);
my @proxies = ($proxy, MilvusTap::Proxy->new($port));
my @ports = map { $_->port } @proxies;
add_server($node, 'other', $ENV{MILVUS_L3_PORT} || $port);
make_table($node, 'other', 'others', 50);
my $answer = 'SELECT count(*) FROM (SELECT id FROM far WHERE id > 90 ORDER BY id) s';
my $addresses = "SELECT string_agg(server || ' ' || address, ', ' ORDER BY server, address) FROM milvus.connections";

my $session = MilvusTap::Session->new($node);
is($session->query($addresses), '', 'no connection at first');
is($session->query($answer), '10', 'a query');
is($session->query($addresses), "m 127.0.0.1:$ports[0]", 'a connection');
like($session->query("SELECT user_name = current_user, server_version <> '', dialect <> '', state, since <= now() + interval '1 second' FROM milvus.connections"),
	qr/^t\|t\|t\|ready\|t$/, 'what the view tells');
my $used = $proxies[0]->count;
is($session->query($answer), '10', 'the connection is kept');
is($proxies[0]->count, $used, '... there was no other');

# another port, by another session
$node->safe_psql('postgres', "ALTER SERVER m OPTIONS (SET port '$ports[1]')");
$used = $proxies[0]->count;
is($session->query($answer), '10', 'altered by another session');
is($session->query($addresses), "m 127.0.0.1:$ports[1]", '... and connected there');
is($proxies[0]->count, $used, '... not to the old port');

# within a transaction, where nothing else listens any more
$session->query('BEGIN');
is($session->query($answer), '10', 'in a transaction');
$session->query("ALTER SERVER m OPTIONS (SET port '$ports[0]')");
$proxies[1]->freeze;
is($session->query($answer, 30), '10', 'altered in the transaction: the next statement goes to the new port');
is($session->query($addresses), "m 127.0.0.1:$ports[0]", '... as the view says');
is($session->query('ROLLBACK'), '', 'rolled back');
$proxies[1]->thaw;
is($session->query($answer), '10', 'the old port counts again');
is($session->query($addresses), "m 127.0.0.1:$ports[1]", '... as the view says');

# by another session, in the middle of a transaction
$session->query('BEGIN');
is($session->query($answer), '10', 'in a transaction');
$node->safe_psql('postgres', "ALTER SERVER m OPTIONS (SET port '$ports[0]')");
is($session->query($answer), '10', 'altered by another session in the middle of it');
is($session->query($addresses), "m 127.0.0.1:$ports[0]", '... counts at once');
$session->query('COMMIT');

# a cursor goes on with the connection it began on
$session->query('BEGIN; DECLARE c CURSOR FOR SELECT id FROM far ORDER BY id');
is($session->query('FETCH 2 FROM c'), "1\n2", 'a cursor');
$session->query("ALTER SERVER m OPTIONS (SET port '$ports[1]')");
is($session->query($answer), '10', 'a query on the altered server');
is($session->query('FETCH 2 FROM c'), "3\n4", 'the cursor goes on');
is($session->query('SELECT milvus.disconnect_all()'), 't', 'disconnected');
is($session->query('FETCH 2 FROM c'), "5\n6", '... and the cursor goes on still');
is($session->query('COMMIT'), '', 'committed');

# a prepared statement is not tied to a connection
$session->query("PREPARE p AS $answer");
is($session->query('EXECUTE p'), '10', 'a prepared statement');
$session->query("ALTER SERVER m OPTIONS (SET port '$ports[0]')");
is($session->query('EXECUTE p'), '10', '... after an ALTER');
is($session->query($addresses), "m 127.0.0.1:$ports[0]", '... at the new port');

# the user mapping as well
$used = $proxies[0]->count;
$node->safe_psql('postgres', "ALTER USER MAPPING FOR CURRENT_USER SERVER m OPTIONS (ADD user 'somebody', ADD password 'x')");
is($session->query($answer), '10', 'another user mapping');
cmp_ok($proxies[0]->count, '>', $used, '... connects again');
$node->safe_psql('postgres', 'ALTER USER MAPPING FOR CURRENT_USER SERVER m OPTIONS (DROP user, DROP password)');

# --- two servers ---
is($session->query('SELECT count(*), sum(f.id) FROM far f JOIN others o ON o.id = f.id'), '50|1275', 'two servers joined');
is($session->query("SELECT string_agg(server, ', ' ORDER BY server) FROM milvus.connections"), 'm, other', 'two connections');
is($session->query("SELECT milvus.disconnect('m')"), 't', 'disconnect one');
is($session->query('SELECT server FROM milvus.connections'), 'other', '... the other stays');
is($session->query("SELECT milvus.disconnect('m')"), 'f', '... it is closed already');
like($session->query("SELECT milvus.disconnect('nobody')"), qr/ERROR:\s+42704/, 'a server that is not there');
is($session->query('SELECT milvus.disconnect_all()'), 't', 'disconnect all');
is($session->query('SELECT count(*) FROM milvus.connections'), '0', '... none is left');
is($session->query('SELECT milvus.disconnect_all()'), 'f', '... there was none any more');
is($session->query($answer), '10', 'a query connects again');

# in use
is($session->query("SELECT count(milvus.disconnect('m')) FROM far WHERE id <= 20"), '20', 'closed by the query that uses it');
is($session->query($answer), '10', '... and connected again');

# keep_connections
$node->safe_psql('postgres', "ALTER SERVER m OPTIONS (ADD keep_connections 'off')");
is($session->query($answer), '10', 'without keep_connections');
is($session->query("SELECT count(*) FROM milvus.connections WHERE server = 'm'"), '0', '... nothing stays');

# dropped
$node->safe_psql('postgres', "ALTER SERVER m OPTIONS (SET keep_connections 'on')");
is($session->query($answer), '10', 'kept again');
$node->safe_psql('postgres', 'DROP SERVER m CASCADE');
# the end of the next transaction closes it
$session->query('SELECT FROM milvus.connections');
is($session->query("SELECT count(*) FROM milvus.connections WHERE address LIKE '%:$ports[0]'"), '0', 'no connection to a dropped server');

$session->quit;
drop_tables();
check_log($node, 'at the end');
done_testing();
