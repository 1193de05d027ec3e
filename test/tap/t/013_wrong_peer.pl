# A peer that is not Milvus: each says what it is, in class 08, and milvus.health has a row.
use strict;
use warnings;
use lib '.';
use MilvusTap;
use IO::Socket::INET;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_cluster(conf => "listen_addresses = '127.0.0.1'\n");
my @children;

# A listener whose connections are handled by a sub; its port.
sub peer
{
	my ($handle) = @_;
	my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'tcp', Listen => 16) or die "listen: $!";
	my $pid = fork() // die "fork: $!";
	if ($pid == 0)
	{
		local $SIG{CHLD} = 'IGNORE';
		while (my $client = $listener->accept)
		{
			if (!fork) { $client->autoflush(1); eval { $handle->($client) }; require POSIX; POSIX::_exit(0); }
			close $client;
		}
		require POSIX;
		POSIX::_exit(0);
	}
	push @children, $pid;
	return $listener->sockport;
}

END { my $status = $?; kill 'KILL', @children; waitpid $_, 0 for @children; $? = $status; }

sub take { my ($socket, $bytes) = @_; my $got = ''; while (length $got < $bytes) { sysread $socket, $got, $bytes - length $got, length $got or die 'end'; } return $got; }
sub hold { my ($socket) = @_; 1 while sysread $socket, my $ignored, 65536; return; }

# a frame of HTTP/2
sub frame { my ($type, $flags, $stream, $body) = @_; return substr(pack('N', length $body), 1) . pack('CCN', $type, $flags, $stream) . $body; }

# A gRPC server that answers every call with that status.
sub grpc
{
	my ($status, $message) = @_;
	return sub {
		my ($socket) = @_;
		take($socket, 24);
		print {$socket} frame(4, 0, 0, '');
		while (1)
		{
			my ($high, $low, $type, $flags, $stream) = unpack 'CnCCN', take($socket, 9);
			take($socket, $high << 16 | $low);
			print {$socket} frame(4, 1, 0, '') if $type == 4 && !($flags & 1);
			my %headers = ('content-type' => 'application/grpc', 'grpc-status' => $status, 'grpc-message' => $message);
			print {$socket} frame(1, 5, $stream, "\x88" . join '', map { "\0" . pack('C/a* C/a*', $_, $headers{$_}) } sort keys %headers) if $type == 1;
		}
	};
}

my $not_milvus = qr/HINT:  .*19530/;
for my $part (
	[ 'closes at once', peer(sub { }), '08001', qr/HINT:  Perhaps TLS is expected there.*19530/ ],
	[ 'PostgreSQL', $node->port, '08001', $not_milvus ],
	[ 'HTTP/1', peer(sub { my ($s) = @_; sysread $s, my $x, 100; print {$s} "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"; hold($s) }),
		'08001', qr/HINT:  There is an HTTP\/1 server on that port.*19530/ ],
	[ 'SSH', peer(sub { my ($s) = @_; print {$s} "SSH-2.0-OpenSSH_9.2\r\n"; hold($s) }), '08001', $not_milvus ],
	[ 'HTTP/2, and then anything', peer(sub { my ($s) = @_; print {$s} frame(4, 0, 0, ''); sysread $s, my $x, 100; print {$s} "\xff" x 100; hold($s) }),
		'08(001|P01|006)', $not_milvus ],
	[ 'a SETTINGS frame of a wrong length', peer(sub { my ($s) = @_; print {$s} frame(4, 0, 0, '12345'); hold($s) }), '08001', $not_milvus ],
	[ 'gRPC, not Milvus', peer(grpc(12, 'unknown service milvus.proto.milvus.MilvusService')), '08001', qr/is not a Milvus proxy\n.*\n$not_milvus/ ],
	[ 'gRPC, and an error of its own', peer(grpc(13, 'oops')), '08P01', qr/DETAIL:  Connect: oops\n$not_milvus/ ],
	[ 'nobody', 1, '08001', qr/HINT:  Is Milvus running on that host/ ])
{
	my ($what, $port, $sqlstate, $says) = @$part;
	add_server($node, 'peer', $port, "connect_timeout '5'");
	my $session = MilvusTap::Session->new($node);
	my $text = $session->query(q{SELECT milvus.get('peer', 'ShowCollections')});
	like($text, qr/ERROR:\s+$sqlstate: .*Milvus server "peer"/, "$what: an error") or diag($text);
	like($text, $says, "$what: says what to do") or diag($text);
	like($session->query(q{SELECT server, healthy, error IS NOT NULL FROM milvus.health}), qr/^peer\|f\|t$/, "$what: a row of milvus.health");
	$session->quit;
	$node->safe_psql('postgres', 'DROP SERVER peer CASCADE');
}

# those that may not be asked are rows, too
add_server($node, 'mine', 1);
$node->safe_psql('postgres', 'CREATE ROLE guest LOGIN; CREATE SERVER unmapped FOREIGN DATA WRAPPER milvus_fdw; GRANT USAGE ON FOREIGN SERVER unmapped TO guest');
my $guest = MilvusTap::Session->new($node, user => 'guest');
is($guest->query('SELECT server, usable, reason FROM milvus.servers ORDER BY 1'),
	"mine|f|guest has no USAGE on the server\nunmapped|f|guest has no user mapping", 'milvus.servers tells which a role can use, and why not the others');
like($guest->query('SELECT server, healthy, error FROM milvus.health ORDER BY 1'),
	qr/^mine\|f\|permission denied for foreign server mine\nunmapped\|f\|there is no user mapping for role "guest" on Milvus server "unmapped".*$/, 'milvus.health has a row for each');
is($guest->query('SELECT * FROM milvus.collections'), '', '... and nobody is asked what he would refuse');

$guest->quit;
check_log($node, 'at the end');
done_testing();
