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

our @EXPORT = qw(need_port start_cluster start_far add_server make_table drop_tables wait_until
  waits seconds_since percentile told check_log milvus);

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

# A cluster with the table "rows" of 100 rows (or $more{rows}) on the server "direct", and
# "far", the same by way of a proxy, on the server "m".  (node, proxy, collection)
sub start_far
{
	my ($port, %more) = @_;
	my $node = start_cluster(%more);
	my $proxy = MilvusTap::Proxy->new($port);
	add_server($node, 'direct', $port);
	add_server($node, 'm', $proxy->port);
	my $collection = make_table($node, 'direct', 'rows', $more{rows} // 100);
	$node->safe_psql('postgres', "CREATE FOREIGN TABLE far (id bigint, n integer, e real[])
		SERVER m OPTIONS (collection '$collection', consistency_level 'strong')");
	return ($node, $proxy, $collection);
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

# Wait until the statement of a session waits for Milvus, or (Lock) for a lock, as another session sees it.
sub waits
{
	my ($control, $session, $for) = @_;
	$for //= 'Extension';
	my $sql = "SELECT state = 'active' AND wait_event_type = '$for' FROM pg_stat_activity WHERE pid = " . $session->backend;
	return wait_until(sub { $control->query($sql) eq 't' });
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

# test/tap/fault-proxy in a process of its own. Stopped, its port refuses connections,
# and those it had are gone.
package MilvusTap::Proxy;

use strict;
use warnings;
use File::Basename qw(dirname);
use IO::Handle;
use IO::Socket::INET;
use IPC::Open2;
use Time::HiRes qw(time usleep);

sub new
{
	my ($class, $target) = @_;
	my $self = bless { target => $target }, $class;
	# below the ephemeral ports, so that no connection takes it while we are stopped
	for (1 .. 200)
	{
		$self->{port} = 7000 + int(rand(3000));
		return $self if $self->launch;
	}
	die 'no free port';
}

sub port { my ($self) = @_; return $self->{port}; }

sub start
{
	my ($self) = @_;
	my $end = time() + 30;
	until ($self->{pid} || $self->launch)
	{
		die "port $self->{port} is taken" if time() > $end;
		usleep(10_000);
	}
	return;
}

sub launch
{
	my ($self) = @_;
	$self->{pid} = open2($self->{out}, $self->{in}, $^X, dirname(__FILE__) . '/fault-proxy', $self->{port}, $self->{target});
	$self->{in}->autoflush(1);
	my $ready = readline $self->{out};
	return 1 if ($ready // '') eq "ready\n";
	$self->stop;
	return 0;
}

sub stop
{
	my ($self) = @_;
	return unless $self->{pid};
	kill 'KILL', $self->{pid};
	waitpid $self->{pid}, 0;
	delete $self->{pid};
	return;
}

sub tell
{
	my ($self, @command) = @_;
	print { $self->{in} } "@command\n";
	my $answer = readline $self->{out};
	die 'the proxy is gone' unless defined $answer;
	chomp $answer;
	die $answer if $answer =~ /unknown/;
	return $answer;
}

# its commands
for my $command (qw(freeze thaw cut reset silence goaway deaf refuse delay stall trickle count))
{
	no strict 'refs';
	*$command = sub { my ($self, @arguments) = @_; return $self->tell($command, @arguments); };
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $!);
	$self->stop if $self->{pid};
	return;
}

1;
