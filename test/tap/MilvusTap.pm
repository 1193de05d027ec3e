# What the TAP tests share: a cluster with a Milvus server in it, psql sessions
# that can be left waiting, and a TCP proxy that can be stopped and frozen.
package MilvusTap;

use strict;
use warnings;
use Exporter 'import';
use IO::Select;
use IO::Socket::UNIX;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

our @EXPORT = qw(need_port start_cluster add_server make_table drop_tables wait_until
  seconds_since percentile check_log milvus);

my $run = sprintf('%d_%d', $$, time() * 1000 % 1_000_000);
my @collections;

# The port of a server from the environment; the whole test is skipped without it.
sub need_port
{
	my (@names) = @_;
	for my $name (@names)
	{
		return $ENV{$name} if $ENV{$name};
	}
	plan skip_all => join(' or ', @names) . ' is not set';
}

sub start_cluster
{
	my (%more) = @_;
	my $node = PostgreSQL::Test::Cluster->new('main');
	$node->init;
	$node->append_conf('postgresql.conf', "max_connections = 100\n" . ($more{conf} // ''));
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION milvus_fdw');
	return $node;
}

# A foreign server with a user mapping for the current user.
sub add_server
{
	my ($node, $name, $port, $options, $mapping) = @_;
	$options = $options ? ", $options" : '';
	$mapping //= '';
	$node->safe_psql('postgres', qq{
		CREATE SERVER $name FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host '127.0.0.1', port '$port'$options);
		CREATE USER MAPPING FOR CURRENT_USER SERVER $name} . ($mapping ? " OPTIONS ($mapping)" : ''));
	return;
}

# A loaded collection of its own and the foreign table $table on it, with rows
# (i, i % 1000, {i, 1}) for i from 1 to $rows. It is dropped by drop_tables().
sub make_table
{
	my ($node, $server, $table, $rows) = @_;
	my $collection = "tap_${table}_$run";
	push @collections, [ $node, $server, $collection ];
	$node->safe_psql('postgres', qq{
		SELECT milvus.call('$server', 'CreateCollection', '{"collection_name": "$collection",
			"shards_num": 1, "consistency_level": "Strong", "schema": {"name": "$collection", "fields": [
			{"name": "id", "data_type": "Int64", "is_primary_key": true},
			{"name": "n", "data_type": "Int32"},
			{"name": "e", "data_type": "FloatVector", "type_params": {"dim": "2"}}]}}');
		CREATE FOREIGN TABLE $table (id bigint NOT NULL, n integer NOT NULL, e real[] NOT NULL)
			SERVER $server OPTIONS (collection '$collection', consistency_level 'strong');
		SELECT milvus.create_index('$table', 'e', 'FLAT', 'L2');
		SELECT milvus.load('$table');
		INSERT INTO $table SELECT i, i % 1000, ARRAY[i, 1]::real[] FROM generate_series(1, $rows) AS i},
		timeout => 600);
	return $collection;
}

# Drop what make_table() made; servers that a test left unreachable are on their own.
sub drop_tables
{
	while (my $made = pop @collections)
	{
		my ($node, $server, $collection) = @$made;
		$node->psql('postgres', "SELECT milvus.drop_collection(server => '$server', collection => '$collection')",
			timeout => 60);
	}
	return;
}

# Have something done to the server MILVUS_FAULT_PORT (see keeper); done when it returns.
sub milvus
{
	my ($word) = @_;
	my $keeper = IO::Socket::UNIX->new(Peer => $ENV{MILVUS_FAULT_CONTROL}) or die "$ENV{MILVUS_FAULT_CONTROL}: $!";
	print {$keeper} "$word\n";
	$keeper->flush;
	my $answer = IO::Select->new($keeper)->can_read(300) ? readline $keeper : undef;
	die "milvus $word: " . ($answer // 'no answer') unless ($answer // '') eq "ok\n";
	return;
}

sub seconds_since { my ($then) = @_; return time() - $then; }

# Wait for a condition; false when it has not come true in time.
sub wait_until
{
	my ($condition, $seconds) = @_;
	my $end = time() + ($seconds // $PostgreSQL::Test::Utils::timeout_default);
	while (1)
	{
		return 1 if $condition->();
		return 0 if time() > $end;
		usleep(10_000);
	}
}

sub percentile
{
	my ($p, @values) = @_;
	@values = sort { $a <=> $b } @values;
	my $i = int($p / 100 * @values + 0.999999) - 1;
	return $values[ $i < 0 ? 0 : $i ];
}

# The log must hold neither a crash nor a line that PostgreSQL did not write, nor a core file.
sub check_log
{
	my ($node, $what) = @_;
	my $log = slurp_file($node->logfile);
	unlike($log, qr/terminated by signal|PANIC|TRAP: |AddressSanitizer|runtime error:/, "$what: no crash in the log");
	# continued lines begin with a tab, others with a timestamp
	my @foreign = grep { !/^(\t|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|$)/ } split /\n/, $log;
	# pg_ctl and initdb write here too
	@foreign = grep { !/^(waiting for server|server started| done)/ } @foreign;
	is(join("\n", @foreign), '', "$what: only PostgreSQL writes to the log");
	my @cores = glob($node->data_dir . '/core*');
	is(scalar(@cores), 0, "$what: no core file");
	return;
}

END
{
	my $status = $?;
	eval { drop_tables() };
	$? = $status;
}

# A psql whose queries may be left waiting.
package MilvusTap::Session;

use strict;
use warnings;
use IO::Select;
use IPC::Open3;
use Time::HiRes qw(time);

my $limit = 60;

sub new
{
	my ($class, $node, %options) = @_;
	my ($in, $out);
	my $user = $options{user} ? " user=$options{user}" : '';
	my $pid = open3($in, $out, undef, 'psql', '-XAtq', '-d', $node->connstr('postgres') . $user);
	my $self = bless { in => $in, out => $out, pid => $pid, text => '', marks => 0 }, $class;
	$in->autoflush(1);
	local $SIG{PIPE} = 'IGNORE';
	print {$in} "\\set VERBOSITY verbose\n\\set SHOW_CONTEXT never\n";
	$self->{backend} = $self->query('SELECT pg_backend_pid()');
	die "psql: $self->{backend}" unless $self->{backend} =~ /^\d+$/;
	return $self;
}

sub backend { my ($self) = @_; return $self->{backend}; }

# Send statements, and don't wait.
sub send
{
	my ($self, $sql) = @_;
	local $SIG{PIPE} = 'IGNORE';
	$self->{marks}++;
	print { $self->{in} } "$sql;\n\\echo MARK$self->{marks}\n";
	return;
}

# What came out of them. An ended session: what it had to say.
sub wait
{
	my ($self, $seconds) = @_;
	my $end = time() + ($seconds // $limit);
	my $mark = "MARK$self->{marks}\n";
	my $select = IO::Select->new($self->{out});
	while (1)
	{
		if ((my $at = index($self->{text}, $mark)) >= 0)
		{
			my $text = substr($self->{text}, 0, $at);
			$self->{text} = substr($self->{text}, $at + length $mark);
			chomp $text;
			return $text;
		}
		my $left = $end - time();
		die "psql did not answer in time; so far: $self->{text}\n" if $left <= 0 || !$select->can_read($left);
		if (!sysread $self->{out}, $self->{text}, 65536, length $self->{text})
		{
			my $text = $self->{text};
			$self->{text} = '';
			$self->{ended} = 1;
			return $text;
		}
	}
}

sub query
{
	my ($self, $sql, $seconds) = @_;
	$self->send($sql);
	return $self->wait($seconds);
}

sub quit
{
	my ($self) = @_;
	local $SIG{PIPE} = 'IGNORE';
	# a proxy forked meanwhile holds the pipe, too: its end would not be seen
	print { $self->{in} } "\\q\n";
	close $self->{in};
	close $self->{out};
	waitpid $self->{pid}, 0;
	return;
}

# A TCP proxy in a process of its own. Frozen it accepts connections and
# forwards nothing; what came meanwhile is forwarded when it thaws. Stopped,
# its port refuses connections, and those it had are gone.
package MilvusTap::Proxy;

use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Socket qw(IPPROTO_TCP TCP_NODELAY AF_UNIX SOCK_STREAM PF_UNSPEC);
use Time::HiRes qw(time usleep);

sub listen_on
{
	my ($port) = @_;
	return IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Proto => 'tcp',
		Listen => 64, ReuseAddr => 1);
}

sub new
{
	my ($class, $target) = @_;
	my $self = bless { target => $target }, $class;
	# below the ephemeral ports, so that no connection takes it while we are stopped
	for (1 .. 200)
	{
		my $port = 7000 + int(rand(3000));
		$self->{listener} = listen_on($port) or next;
		$self->{port} = $port;
		last;
	}
	die 'no free port' unless $self->{port};
	$self->start;
	return $self;
}

sub port { my ($self) = @_; return $self->{port}; }

sub start
{
	my ($self) = @_;
	return if $self->{pid};
	my $end = time() + 30;
	until ($self->{listener} //= listen_on($self->{port}))
	{
		die "port $self->{port}: $!" if time() > $end;
		usleep(10_000);
	}
	socketpair(my $ours, my $theirs, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die "socketpair: $!";
	$ours->autoflush(1);
	$theirs->autoflush(1);
	my $pid = fork() // die "fork: $!";
	if ($pid == 0)
	{
		close $ours;
		eval { serve($self->{listener}, $theirs, $self->{target}) };
		require POSIX;
		POSIX::_exit(0);
	}
	close $theirs;
	close delete $self->{listener};
	$self->{pid} = $pid;
	$self->{control} = $ours;
	return;
}

sub stop
{
	my ($self) = @_;
	return unless $self->{pid};
	kill 'KILL', $self->{pid};
	waitpid $self->{pid}, 0;
	close delete $self->{control};
	delete $self->{pid};
	return;
}

# freeze, thaw, cut (close all connections), silence (those there are stay open, and
# nothing passes any more; new ones work), count (of connections so far): done when it
# returns
sub tell
{
	my ($self, $command) = @_;
	print { $self->{control} } "$command\n";
	my $answer = readline $self->{control};
	die 'the proxy is gone' unless defined $answer;
	chomp $answer;
	return $answer;
}

sub freeze { my ($self) = @_; return $self->tell('freeze'); }
sub thaw   { my ($self) = @_; return $self->tell('thaw'); }
sub cut    { my ($self) = @_; return $self->tell('cut'); }
sub silence { my ($self) = @_; return $self->tell('silence'); }
sub count  { my ($self) = @_; return $self->tell('count'); }

sub serve
{
	my ($listener, $control, $target) = @_;
	my (%peer, %waiting, @silent);
	my $count = 0;
	my $frozen = 0;
	$SIG{PIPE} = 'IGNORE';
	$SIG{TERM} = 'DEFAULT';
	my $close = sub {
		my ($socket) = @_;
		delete $waiting{$socket};
		if (my $other = delete $peer{$socket})
		{
			delete $peer{ $other->[1] };
			close $other->[1];
		}
		close $socket;
	};
	my $connect = sub {
		my ($client) = @_;
		my $server = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $target, Proto => 'tcp');
		if (!$server) { close $client; return; }
		setsockopt($_, IPPROTO_TCP, TCP_NODELAY, 1) for $client, $server;
		$peer{$client} = [ $client, $server ];
		$peer{$server} = [ $server, $client ];
	};
	while (1)
	{
		my $select = IO::Select->new($listener, $control);
		if (!$frozen)
		{
			$connect->($_) for values %waiting;
			%waiting = ();
			$select->add(map { $_->[0] } values %peer);
		}
		for my $socket ($select->can_read)
		{
			if ($socket == $listener)
			{
				my $client = $listener->accept or next;
				$count++;
				$waiting{$client} = $client;
			}
			elsif ($socket == $control)
			{
				my $command;
				sysread $control, $command, 64 or return;
				chomp $command;
				if ($command eq 'freeze') { $frozen = 1; }
				elsif ($command eq 'thaw') { $frozen = 0; }
				elsif ($command eq 'silence')
				{
					push @silent, map { $_->[0] } values %peer;
					%peer = ();
				}
				elsif ($command eq 'cut')
				{
					close $_ for values %waiting;
					close $_->[0] for values %peer;
					%waiting = %peer = ();
				}
				syswrite $control, ($command eq 'count' ? $count : 'ok') . "\n";
				last;
			}
			elsif (my $pair = $peer{$socket})
			{
				my $got = sysread $socket, my $data, 1 << 18;
				if (!$got) { $close->($socket); next; }
				for (my $at = 0; $at < $got;)
				{
					my $put = syswrite $pair->[1], $data, $got - $at, $at;
					if (!defined $put) { $close->($socket); last; }
					$at += $put;
				}
			}
		}
	}
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $!);
	$self->stop if $self->{pid};
	return;
}

1;
