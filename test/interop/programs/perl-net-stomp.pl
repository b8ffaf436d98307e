# Drives Debian's libnet-stomp-perl, unchanged, through the cases of test/suites/stomp-client.ts. Called with a JSON
# object: version, port, guarded (a port that asks for credentials), ca (a file). Prints a JSON line for each case:
# [name, what was seen]. The library speaks 1.0; the headers that make it 1.1 or 1.2 are its user's to give, and
# escapes its user's to write.

use strict;
use warnings;
use utf8;
use Encode qw(decode_utf8 encode_utf8);
use JSON::PP;
use Net::Stomp;

$| = 1;
my $given = decode_json($ARGV[0]);
my $version = $given->{version};
my $replies = '/temp-queue/answers';
my $json = JSON::PP->new->ascii->canonical->allow_nonref;

sub plugged {
    my (%options) = @_;
    return Net::Stomp->new({ hostname => '127.0.0.1', port => $given->{port}, timeout => 8, connect_delay => 0, %options });
}

sub connected {
    my (%options) = @_;
    my $peer = plugged(%options);
    $peer->connect(credentials());
    return $peer;
}

sub credentials {
    my (%headers) = @_;
    return { %headers } if $version eq '1.0';
    return { 'accept-version' => $version, host => 'localhost', %headers };
}

sub subscribe {
    my ($peer, $destination, $ack, %headers) = @_;
    # The id came with 1.1; 1.0 goes by the destination.
    $headers{id} = $destination if $version ne '1.0';
    $peer->subscribe({ destination => $destination, ack => $ack // 'auto', %headers });
}

sub unsubscribe {
    my ($peer, $destination, %headers) = @_;
    $headers{id} = $destination if $version ne '1.0';
    $peer->unsubscribe({ destination => $destination, %headers });
}

sub publish {
    my ($peer, $destination, @bodies) = @_;
    $peer->send({ destination => $destination, body => $_ }) for @bodies;
}

sub receive { return $_[0]->receive_frame // die "nothing came\n" }

sub take {
    my ($peer, $count) = @_;
    return [ map { receive($peer) } 1 .. $count ];
}

sub bodies { return [ map { decode_utf8($_->body) } @{ take(@_) } ] }

sub seen {
    my ($frame) = @_;
    return [ $frame->body, $frame->headers->{redelivered} // '', $frame->headers->{'delivery-count'} // '' ];
}

sub acknowledge {
    my ($peer, $frame, $how, %headers) = @_;
    $headers{subscription} = $frame->headers->{subscription} if $version eq '1.1';
    $headers{id} = $frame->headers->{ack} if $version eq '1.2';
    $peer->$how({ frame => $frame, %headers });
}

# The library has no way to ask for a receipt of DISCONNECT but a frame of one's own.
sub leave {
    my ($peer, $receipt) = @_;
    $peer->send_frame(Net::Stomp::Frame->new({ command => 'DISCONNECT', headers => { receipt => $receipt // 'bye' } }));
    my $frame = receive($peer);
    $peer->socket->close;
    return $frame->headers->{'receipt-id'};
}

sub call {
    my ($peer, $method, $params, $reply_to) = @_;
    my $body = encode_json({ jsonrpc => '2.0', id => 7, method => $method, params => $params });
    $peer->send({ destination => '/queue/rpc', 'reply-to' => $reply_to // $replies, body => $body });
}

# All that a queue still has, up to a mark put at its end.
sub left_in {
    my ($destination) = @_;
    my $peer = connected();
    subscribe($peer, $destination);
    publish($peer, $destination, 'end');
    my @found;
    do { push @found, seen(receive($peer)) } until $found[-1][0] eq 'end';
    leave($peer);
    return \@found;
}

# Somebody who listens to a new queue and has got its messages.
sub queued {
    my ($name, $ack, @bodies) = @_;
    my ($peer, $destination) = (connected(), "/queue/$name");
    subscribe($peer, $destination, $ack);
    publish($peer, $destination, @bodies);
    return ($peer, $destination, take($peer, scalar @bodies));
}

my %case = (
    'connect' => sub {
        my $peer = plugged();
        my $headers = $peer->connect(credentials())->headers;
        leave($peer);
        return { version => $headers->{version}, session => length $peer->session_id ? JSON::PP::true : JSON::PP::false };
    },
    'login' => sub {
        my $peer = plugged(port => $given->{guarded});
        my $right = $peer->connect(credentials(login => 'ann', passcode => 'se:cr\\et'))->command;
        leave($peer);
        my $frame = plugged(port => $given->{guarded})->connect(credentials(login => 'ann', passcode => 'secret'));
        return {
            right => $right eq 'CONNECTED' ? JSON::PP::true : JSON::PP::false,
            raised => $frame->command eq 'ERROR' ? JSON::PP::true : JSON::PP::false,
            wrong => $frame->headers->{message},
        };
    },
    'topic' => sub {
        my $peer = connected();
        subscribe($peer, '/topic/a.b');
        publish($peer, '/topic/a.b', 'one', 'two', encode_utf8('Grüße 🚪'));
        my $frames = take($peer, 3);
        leave($peer);
        return { bodies => [ map { decode_utf8($_->body) } @$frames ], destination => $frames->[0]->destination };
    },
    # Many messages that come in few pieces of TCP.
    'burst' => sub {
        my ($peer, $sender) = (connected(), connected());
        subscribe($peer, '/topic/burst', 'auto', receipt => 'r-1');
        receive($peer);
        publish($sender, '/topic/burst', map { "m$_" } 0 .. 499);
        my $bodies = bodies($peer, 500);
        leave($_) for $sender, $peer;
        return { count => scalar @$bodies, first => $bodies->[0], last => $bodies->[-1] };
    },
    'waiting' => sub {
        my ($sender, $receiver) = (connected(), connected());
        publish($sender, '/queue/waiting', 'one', 'two');
        $sender->send_with_receipt({ destination => '/queue/waiting', body => 'three' }) or die "no receipt\n";
        subscribe($receiver, '/queue/waiting');
        my $bodies = bodies($receiver, 3);
        leave($_) for $sender, $receiver;
        return $bodies;
    },
    'error' => sub {
        my $peer = connected();
        $peer->send({ destination => '/nowhere/a', body => 'x', receipt => 'r-1' });
        my $headers = receive($peer)->headers;
        return { message => $headers->{message}, 'receipt-id' => $headers->{'receipt-id'} };
    },
    'ack-auto' => sub {
        my ($peer, $destination, $frames) = queued('auto', 'auto', 1, 2, 3);
        leave($peer);
        return { first => [ map { seen($_) } @$frames ], left => left_in($destination) };
    },
    'ack-client' => sub {
        my ($peer, $destination, $frames) = queued('client', 'client', 1, 2, 3);
        acknowledge($peer, $frames->[1], 'ack');
        leave($peer);
        return left_in($destination);
    },
    'ack-individual' => sub {
        my ($peer, $destination, $frames) = queued('individual', 'client-individual', 1, 2, 3);
        acknowledge($peer, $frames->[$_], 'ack') for 0, 2;
        leave($peer);
        return left_in($destination);
    },
    'nack' => sub {
        my ($peer, $destination, $frames) = queued('nack', 'client-individual', 1, 2);
        acknowledge($peer, $frames->[0], 'nack');
        my $again = receive($peer);
        acknowledge($peer, $_, 'ack') for $frames->[1], $again;
        leave($peer);
        return { again => seen($again), left => left_in($destination) };
    },
    'dead-letter' => sub {
        my ($peer, $destination, $frames) = queued('deadly', 'client-individual', 1);
        subscribe($peer, '/queue/dead-letter.deadly');
        my ($refused, $frame) = (0, $frames->[0]);
        while ($frame->destination eq $destination) {
            acknowledge($peer, $frame, 'nack');
            $refused++;
            $frame = receive($peer);
        }
        leave($peer);
        my $original = $frame->headers->{'original-destination'};
        return { refused => $refused, body => $frame->body, original => $original };
    },
    'unsubscribed' => sub {
        my ($peer, $destination, $frames) = queued('unsubscribed', 'client', 1, 2, 3);
        acknowledge($peer, $frames->[0], 'ack');
        unsubscribe($peer, $destination, receipt => 'r-1');
        receive($peer);
        my $left = left_in($destination);
        leave($peer);
        return $left;
    },
    'lost' => sub {
        my ($peer, $destination) = queued('lost', 'client', 1, 2, 3);
        call($peer, 'peer.drop', {});
        die "not dropped\n" if $peer->receive_frame;
        my $other = connected();
        subscribe($other, $destination);
        my $found = [ map { seen($_) } @{ take($other, 3) } ];
        leave($other);
        return $found;
    },
    # What was said before a DISCONNECT without a receipt counts, although the socket is closed at once.
    'hasty' => sub {
        my ($peer, $destination, $frames) = queued('hasty', 'client', 1, 2);
        acknowledge($peer, $frames->[0], 'ack');
        $peer->disconnect;
        return left_in($destination);
    },
    'transaction-send' => sub {
        my $peer = connected();
        my $say = sub {
            my ($command, $name) = @_;
            $peer->send_frame(Net::Stomp::Frame->new({ command => $command, headers => { transaction => $name } }));
        };
        subscribe($peer, '/queue/sent');
        $say->('BEGIN', 't1');
        $peer->send({ destination => '/queue/sent', transaction => 't1', body => $_ }) for 'one', 'two';
        publish($peer, '/queue/sent', 'outside');
        my $first = bodies($peer, 1);
        $say->('COMMIT', 't1');
        my $committed = bodies($peer, 2);
        $say->('BEGIN', 't2');
        $peer->send({ destination => '/queue/sent', transaction => 't2', body => 'never' });
        $say->('ABORT', 't2');
        publish($peer, '/queue/sent', 'after');
        my $aborted = bodies($peer, 1);
        leave($peer);
        return { first => $first, committed => $committed, aborted => $aborted };
    },
    # Begins, sends with a receipt and commits, in one call.
    'send-transactional' => sub {
        my ($sender, $receiver) = (connected(), connected());
        subscribe($receiver, '/queue/transactional');
        my $sent = $sender->send_transactional({ destination => '/queue/transactional', body => 'one' });
        my $bodies = bodies($receiver, 1);
        leave($_) for $sender, $receiver;
        return [ $sent, @$bodies ];
    },
    'transaction-ack' => sub {
        my ($peer, $destination, $frames) = queued('acked', $version eq '1.0' ? 'client' : 'client-individual', 1, 2);
        my $say = sub {
            my ($command, $name) = @_;
            $peer->send_frame(Net::Stomp::Frame->new({ command => $command, headers => { transaction => $name } }));
        };
        $say->('BEGIN', 't1');
        acknowledge($peer, $frames->[0], 'ack', transaction => 't1');
        $say->('ABORT', 't1');
        $say->('BEGIN', 't2');
        acknowledge($peer, $frames->[1], 'ack', transaction => 't2');
        $say->('COMMIT', 't2');
        leave($peer);
        return left_in($destination);
    },
    'receipts' => sub {
        my ($peer, $destination) = (connected(), '/queue/receipts');
        my $say = sub {
            my ($command, %headers) = @_;
            $peer->send_frame(Net::Stomp::Frame->new({ command => $command, headers => \%headers }));
        };
        subscribe($peer, $destination, 'client', receipt => 'subscribe');
        $peer->send({ destination => $destination, body => 'x', receipt => 'send' });
        my @frames = @{ take($peer, 3) };
        my ($message) = grep { $_->command eq 'MESSAGE' } @frames;
        $say->('BEGIN', transaction => 't1', receipt => 'begin');
        acknowledge($peer, $message, 'ack', transaction => 't1', receipt => 'ack');
        $say->('COMMIT', transaction => 't1', receipt => 'commit');
        $say->('BEGIN', transaction => 't2');
        $say->('ABORT', transaction => 't2', receipt => 'abort');
        unsubscribe($peer, $destination, receipt => 'unsubscribe');
        push @frames, @{ take($peer, 5) };
        my @names = map { $_->headers->{'receipt-id'} } grep { $_->command eq 'RECEIPT' } @frames;
        return [ @names, leave($peer, 'disconnect') ];
    },
    'large' => sub {
        my ($peer, $body) = (connected(), '0123456789abcdef' x 524_288);
        subscribe($peer, '/topic/large');
        publish($peer, '/topic/large', $body);
        my $got = receive($peer)->body;
        leave($peer);
        return { length => length $got, same => $got eq $body ? JSON::PP::true : JSON::PP::false };
    },
    'binary' => sub {
        my ($peer, $body) = (connected(), pack('C*', 0 .. 255) x 64);
        subscribe($peer, '/topic/binary');
        my $type = 'application/octet-stream';
        $peer->send({ destination => '/topic/binary', bytes_message => 1, 'content-type' => $type, body => $body });
        my $frame = receive($peer);
        leave($peer);
        return { same => $frame->body eq $body ? JSON::PP::true : JSON::PP::false, 'content-type' => $frame->content_type };
    },
    'headers' => sub {
        my %sent = (colon => 'a:b', backslash => 'c:\\dir', unicode => 'Grüße 🚪', größe => '7');
        %sent = (colon => 'a\\cb', backslash => 'c\\c\\\\dir', unicode => 'Grüße 🚪', größe => '7', newline => 'a\\nb')
            if $version ne '1.0';
        my $peer = connected();
        subscribe($peer, '/topic/headers');
        $peer->send({ destination => '/topic/headers', body => 'x', map { encode_utf8($_) } %sent });
        my $got = receive($peer)->headers;
        leave($peer);
        return { map { $_ => decode_utf8($got->{ encode_utf8($_) } // '') } keys %sent };
    },
    'rpc' => sub {
        my ($peer, @results) = connected();
        for my $reply_to ($replies, '/queue/answers') {
            subscribe($peer, $reply_to);
            call($peer, 'house.add', { a => 2, b => 3 }, $reply_to);
            my $frame = receive($peer);
            push @results, [ $frame->destination, decode_json($frame->body) ];
        }
        leave($peer);
        return \@results;
    },
    'tls' => sub {
        # The library waits for the socket even while there is something left of a TLS record, which has up to 16 KiB.
        my $peer = connected(bufsize => 16_384, ssl => 1, ssl_options => { SSL_ca_file => $given->{ca}, SSL_verify_mode => 1 });
        subscribe($peer, '/topic/tls');
        publish($peer, '/topic/tls', 'safe');
        my $small = bodies($peer, 1)->[0];
        publish($peer, '/topic/tls', 'x' x 1_000_000);
        my $large = bodies($peer, 1)->[0];
        leave($peer);
        return { small => $small, large => length $large };
    },
    # The library dials again when it next needs the connection, and subscribes what it had.
    'reconnect' => sub {
        my $peer = connected();
        subscribe($peer, '/topic/again');
        call($peer, 'peer.drop', {});
        die "not dropped\n" if $peer->receive_frame;
        publish($peer, '/topic/again', 'back');
        my $bodies = bodies($peer, 1);
        leave($peer);
        return $bodies;
    },
);

for my $name (sort keys %case) {
    next if $version eq '1.0' && $name =~ /^(ack-individual|nack|dead-letter)$/;
    my $outcome = eval { $case{$name}->() } // { failed => "$@" };
    print $json->encode([ $name, $outcome ]), "\n";
}
