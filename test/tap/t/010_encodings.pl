# Databases that are not in UTF-8: texts, keys and documents go to Milvus in UTF-8 and come back; what the database has no characters for is an error, and nothing invalid gets in.
use strict;
use warnings;
use utf8;
use lib '.';
use MilvusTap;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $port = need_port('MILVUS_S_PORT', 'MILVUS_L3_PORT');
my $node = start_cluster();
my %words = (latin1 => ['é', 'Straße', 'Ünïcödé'], euc_jp => ['日本', 'テスト', 'あ'], win1251 => ['да', 'нет', 'Ж']);

# psql talks UTF-8 whatever the database is
sub sql
{
	my ($db, $text) = @_;
	my ($rc, $out, $err) = $node->psql($db, "SET client_encoding = 'UTF8';\n$text");

	utf8::decode($out);
	utf8::decode($err);
	return $rc == 0 ? $out : "ERROR: $err";
}

sub encoded { my ($text) = @_; utf8::encode($text); return $text }

for my $db (sort keys %words)
{
	my ($one, $two, $three) = @{ $words{$db} };
	my $collection = "encodings_$db";
	$node->safe_psql('postgres', "CREATE DATABASE $db ENCODING '$db' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
	is(sql($db, 'CREATE EXTENSION milvus_fdw'), '', "$db: the extension");
	sql($db, "CREATE SERVER m FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host '127.0.0.1', port '$port', consistency_level 'strong'); CREATE USER MAPPING FOR CURRENT_USER SERVER m");
	is(sql($db, encoded(<<"SQL")), '', "$db: a collection");
CREATE FOREIGN TABLE t (k varchar(40) OPTIONS (primary_key 'true') NOT NULL, s varchar(40) NOT NULL, j jsonb NOT NULL, a varchar(40)[] NOT NULL,
	d text OPTIONS (dynamic_key '$one'), e real[] OPTIONS (dim '2') NOT NULL) SERVER m OPTIONS (collection '$collection');
DO \$\$ BEGIN PERFORM milvus.drop_collection('t'); EXCEPTION WHEN OTHERS THEN NULL; END \$\$;
DO \$\$ BEGIN PERFORM milvus.create_collection('t'); PERFORM milvus.create_index('t', 'e', 'FLAT', 'L2'); PERFORM milvus.load('t'); END \$\$;
INSERT INTO t VALUES ('$one', '$two', '{"$one": "$two"}', '{$three}', '$three', '{1,1}'), ('$two', '$three', '{}', '{}', NULL, '{2,2}'), ('x', 'y', '{}', '{x}', 'z', '{3,3}');
SQL
	my $order = 'ORDER BY k COLLATE "C"';
	is(sql($db, encoded("SELECT k, s, j ->> '$one', a[1], d FROM t WHERE k = '$one'")), "$one|$two|$two|$three|$three", "$db: a row by its key");
	is(sql($db, encoded("SELECT k FROM t WHERE s IN ('$two', 'none') AND j ->> '$one' = '$two' AND '$three' = ANY (a) AND d = '$three'")), $one, "$db: filters");
	is(sql($db, encoded("SELECT s FROM t WHERE s LIKE '$three%'")), $three, "$db: a pattern");
	like(sql($db, encoded("EXPLAIN (COSTS OFF) SELECT k FROM t WHERE s = '$two'")),
		qr/Milvus Filter: s == "$two"/, "$db: EXPLAIN");
	is(sql($db, encoded("UPDATE t SET s = '$one$two', d = '$one' WHERE k = '$two' RETURNING s")), "$one$two", "$db: UPDATE");
	is(sql($db, encoded("SELECT s, d FROM t WHERE k = '$two'")), "$one$two|$one", "$db: ... is stored");
	like(sql($db, encoded("EXPLAIN (COSTS OFF) DELETE FROM t WHERE s = '$one'")), qr/Milvus Delete: s == "$one"/, "$db: EXPLAIN of a DELETE");
	is(sql($db, encoded("SELECT k FROM t ORDER BY e OPERATOR(milvus.<->) '{1,1}' LIMIT 1")), $one, "$db: a search");
	is(sql($db, 'SELECT count(*) FROM milvus.fields WHERE server = \'m\' AND collection = \'' . $collection . '\' AND NOT field ~ \'^\$\''), 5, "$db: the catalogue");
	# a character that no such database has, from somebody else
	is(sql('postgres', encoded(<<"SQL")), '', "$db: a row from elsewhere");
DROP SERVER IF EXISTS m CASCADE;
CREATE SERVER m FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host '127.0.0.1', port '$port'); CREATE USER MAPPING FOR CURRENT_USER SERVER m;
CREATE FOREIGN TABLE t (k varchar(40) NOT NULL, s varchar(40) NOT NULL, j jsonb NOT NULL, a varchar(40)[] NOT NULL, "\$meta" jsonb, e real[] NOT NULL) SERVER m OPTIONS (collection '$collection');
INSERT INTO t VALUES ('🂡', '🂡', '{}', '{}', '{}', '{9,9}');
SQL
	like(sql($db, "SELECT k FROM t"), qr/ERROR: .*has no equivalent in encoding/, "$db: a character that it lacks");
	is(sql($db, "SELECT count(*) FROM t WHERE e[1] < 9"), 3, "$db: ... harms only who reads it");
	like(sql($db, encoded("CREATE FOREIGN TABLE n (k varchar(40) NOT NULL) SERVER m OPTIONS (collection '$one'); SELECT * FROM n")),
		qr/names with other than ASCII characters are not supported in a database with encoding/, "$db: names are ASCII");
	# what the server says of an error is shown as far as it can be
	like(sql($db, encoded("SELECT milvus.call('m', 'DescribeCollection', '{\"collection_name\": \"$one\"}')")), qr/ERROR: .*Milvus server "m"/, "$db: an error");
	sql($db, "SELECT milvus.drop_collection('t')");
}

# defaults come with their characters
if ($ENV{MILVUS_L3_PORT})
{
	is(sql('latin1', encoded(<<"SQL")), '', 'latin1: a default');
CREATE SERVER l3 FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host '127.0.0.1', port '$ENV{MILVUS_L3_PORT}'); CREATE USER MAPPING FOR CURRENT_USER SERVER l3;
CREATE FOREIGN TABLE defaulted (id bigint NOT NULL, s varchar(10) NOT NULL DEFAULT 'é', e real[] OPTIONS (dim '2') NOT NULL) SERVER l3 OPTIONS (collection 'encodings_default');
DO \$\$ BEGIN PERFORM milvus.drop_collection('defaulted'); EXCEPTION WHEN OTHERS THEN NULL; END \$\$;
DO \$\$ BEGIN PERFORM milvus.create_collection('defaulted'); END \$\$;
CREATE SCHEMA imported;
IMPORT FOREIGN SCHEMA "default" LIMIT TO (encodings_default) FROM SERVER l3 INTO imported;
SQL
	is(sql('latin1', "INSERT INTO imported.encodings_default (id, e) VALUES (1, '{1,1}') RETURNING s"), 'é', '... is imported');
	sql('latin1', "SELECT milvus.drop_collection('defaulted')");
}

$node->stop;
done_testing();
