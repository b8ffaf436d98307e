# Drives Debian's libfrontier-rpc-perl, unchanged, through the cases of test/suites/xml-rpc-client.ts. Called with a JSON
# object: port, guarded (a port that asks for credentials), ca (a file), text. Prints a JSON line for each case: [name, what
# was seen]. The library leaves the bytes of texts to its user.

use strict;
use warnings;
use utf8;
use Encode qw(encode_utf8);
use Frontier::Client;
use JSON::PP;
use MIME::Base64;

$| = 1;
my $given = decode_json($ARGV[0]);
my $json = JSON::PP->new->ascii->canonical->allow_nonref;
$ENV{PERL_LWP_SSL_CA_FILE} = $given->{ca};

sub client {
    my ($authority, $scheme) = @_;
    return Frontier::Client->new(url => ($scheme // 'http') . "://$authority/RPC2");
}

my $server = client("127.0.0.1:$given->{port}");

sub fault_of {
    my (@call) = @_;
    return if eval { $server->call(@call); 1 };
    return $@ =~ /fault code (-?\d+): (.*)/ ? [ $1 + 0, $2 ] : $@;
}

# A value as JSON has it.
sub plain {
    my ($value) = @_;
    return [ map { plain($_) } @$value ] if ref $value eq 'ARRAY';
    return { map { $_ => plain($value->{$_}) } keys %$value } if ref $value eq 'HASH';
    return $value->value ? JSON::PP::true : JSON::PP::false if ref $value eq 'Frontier::RPC2::Boolean';
    return unpack 'H*', decode_base64($value->value) if ref $value eq 'Frontier::RPC2::Base64';
    return $value->value if ref $value;
    return $value =~ /^-?\d/ && $value !~ /T/ ? $value + 0 : $value;
}

my %case = (
    'sample' => sub { return plain($server->call('xml.sample')) },
    'kinds' => sub {
        my %value = (
            int => $server->int(-41),
            yes => $server->boolean(1),
            no => $server->boolean(0),
            text => $server->string(encode_utf8($given->{text})),
            empty => $server->string(''),
            double => $server->double(-12.5),
            date => $server->date_time('19980717T14:08:55'),
            bytes => $server->base64(encode_base64("\x00\xff\x10")),
            list => [ 1, [ 'two', [] ] ],
            struct => { 'a b' => { c => 3 } },
        );
        my %seen = map { $_ => $server->call('xml.kind', $value{$_}) } keys %value;
        return { %seen, none => $server->call('xml.kind'), several => $server->call('xml.kind', 1, 'two') };
    },
    'add' => sub { return 0 + $server->call('house.add', { a => 2, b => 3 }) },
    'fault' => sub { return fault_of('house.fail') },
    'crash' => sub { return fault_of('house.crash') },
    'unknown' => sub { return fault_of('no.such.method') },
    'multicall' => sub {
        my @calls = (
            [ 'house.add', { a => 2, b => 3 } ], ['house.fail'], [ 'xml.echo', 'again' ], ['no.such.method'],
            [ 'system.multicall', [] ],
        );
        my @structs = map { my ($name, @params) = @$_; { methodName => $name, params => \@params } } @calls;
        my $answers = $server->call('system.multicall', \@structs);
        return plain([ map { ref $_ eq 'HASH' ? $_->{faultCode} : $_ } @$answers ]);
    },
    'introspection' => sub {
        my %wanted = map { $_ => 1 } qw(house.add rpc.methods system.listMethods system.multicall);
        return {
            listed => [ grep { $wanted{$_} } @{ $server->call('system.listMethods') } ],
            help => $server->call('system.methodHelp', 'house.add'),
            signature => $server->call('system.methodSignature', 'house.add'),
            own => $server->call('system.methodSignature', 'system.methodHelp'),
        };
    },
    'large' => sub {
        # The library handles each character's event by itself: megabytes take it many seconds.
        my $text = 'ü' x 200_000 . '<' x 50_000;
        my $answer = $server->call('xml.echo', $server->string(encode_utf8($text)));
        return { length => length $answer, same => $answer eq $text ? JSON::PP::true : JSON::PP::false };
    },
    'too-large' => sub {
        eval { $server->call('xml.echo', 'x' x 5_000_000) };
        return $@ =~ /^(\d{3})/ ? 0 + $1 : $@;
    },
    'many' => sub {
        my $sum = 0;
        $sum += $server->call('xml.echo', 1) for 1 .. 100;
        return $sum;
    },
    'tls' => sub { return 0 + client("127.0.0.1:$given->{port}", 'https')->call('house.add', { a => 2, b => 3 }) },
    'login' => sub {
        my $asked = sub { return client("ann:$_[0]\@127.0.0.1:$given->{guarded}")->call('whoAmI') };
        eval { $asked->('wrong') };
        my $wrong = $@ =~ /^401/ ? JSON::PP::true : $@;
        return { right => $asked->('se:cret'), wrong => $wrong };
    },
);

for my $name (sort keys %case) {
    my $outcome = eval { $case{$name}->() } // { failed => "$@" };
    print $json->encode([ $name, $outcome ]), "\n";
}
