<?php
// Drives Debian's php-stomp, unchanged, through the cases of test/suites/stomp-client.ts. Called with a JSON object:
// version, port, guarded (a port that asks for credentials). Prints a JSON line for each case: [name, what was seen].
// The extension speaks 1.0; the headers that make it 1.1 or 1.2 are its user's to give, and escapes its user's to write.

error_reporting(E_ALL);
$given = json_decode($argv[1], true);
const REPLIES = '/temp-queue/answers';

function version(): string
{
    return $GLOBALS['given']['version'];
}

function connected(?int $port = null, string $login = '', string $passcode = ''): Stomp
{
    $headers = version() === '1.0' ? [] : ['accept-version' => version(), 'host' => 'localhost'];
    $peer = new Stomp('tcp://127.0.0.1:' . ($port ?? $GLOBALS['given']['port']), $login, $passcode, $headers);
    $peer->setReadTimeout(8);
    return $peer;
}

/** The id came with 1.1; 1.0 goes by the destination. */
function identity(string $destination): array
{
    return version() === '1.0' ? [] : ['id' => $destination];
}

function subscribe(Stomp $peer, string $destination, string $ack = 'auto', array $headers = []): bool
{
    return $peer->subscribe($destination, $headers + ['ack' => $ack] + identity($destination));
}

function publish(Stomp $peer, string $destination, string ...$bodies): void
{
    foreach ($bodies as $body) $peer->send($destination, $body);
}

function receive(Stomp $peer): StompFrame
{
    return $peer->readFrame() ?: throw new Exception('nothing came: ' . $peer->error());
}

function take(Stomp $peer, int $count): array
{
    return array_map(fn() => receive($peer), range(1, $count));
}

function bodies(Stomp $peer, int $count): array
{
    return array_map(fn($frame) => $frame->body, take($peer, $count));
}

function seen(StompFrame $frame): array
{
    return [$frame->body, $frame->headers['redelivered'] ?? '', $frame->headers['delivery-count'] ?? ''];
}

function acknowledge(Stomp $peer, StompFrame $frame, string $how = 'ack', array $headers = []): bool
{
    if (version() === '1.1') $headers['subscription'] = $frame->headers['subscription'];
    if (version() === '1.2') $headers['id'] = $frame->headers['ack'];
    return $peer->$how($frame->headers['message-id'], $headers);
}

/** The extension asks for no receipt of DISCONNECT; it sends any frame, though, and waits for its receipt. */
function leave(Stomp $peer, string $receipt = 'bye'): bool
{
    return $peer->send('/queue/none', new StompFrame('DISCONNECT', ['receipt' => $receipt]));
}

function call(Stomp $peer, string $method, array $params, string $replyTo = REPLIES): void
{
    $request = ['jsonrpc' => '2.0', 'id' => 7, 'method' => $method, 'params' => (object) $params];
    $peer->send('/queue/rpc', json_encode($request), ['reply-to' => $replyTo]);
}

/** All that a queue still has, up to a mark put at its end. */
function leftIn(string $destination): array
{
    $peer = connected();
    subscribe($peer, $destination);
    publish($peer, $destination, 'end');
    $found = [];
    do $found[] = seen(receive($peer)); while (end($found)[0] !== 'end');
    leave($peer);
    return $found;
}

/** Somebody who listens to a new queue and has got its messages. */
function queued(string $name, string $ack, string ...$bodies): array
{
    $peer = connected();
    subscribe($peer, "/queue/$name", $ack);
    publish($peer, "/queue/$name", ...$bodies);
    return [$peer, "/queue/$name", take($peer, count($bodies))];
}

/** Whether the server takes a header as it stands. A new connection, for it ends where it does not. */
function takes(string $value): bool
{
    return connected()->send('/topic/version', 'x', ['note' => $value, 'receipt' => 'r-1']);
}

/**
 * The version that was agreed on, which the extension does not show: only 1.0 knows no escapes and so none that is undefined,
 * and 1.1 has not yet defined that of a carriage return (STOMP 1.1 and 1.2, Value Encoding).
 */
function agreed(): string
{
    return takes('a\\tb') ? '1.0' : (takes('a\\rb') ? '1.2' : '1.1');
}

$cases = [
    'connect' => function () {
        $peer = connected();
        $session = $peer->getSessionId();
        leave($peer);
        return ['version' => agreed(), 'session' => strlen($session) > 0];
    },
    'login' => function () {
        global $given;
        leave(connected($given['guarded'], 'ann', 'se:cr\\et'));
        try {
            connected($given['guarded'], 'ann', 'secret');
        } catch (StompException $refused) {
            return ['right' => true, 'raised' => true, 'wrong' => $refused->getMessage()];
        }
    },
    'topic' => function () {
        $peer = connected();
        subscribe($peer, '/topic/a.b');
        publish($peer, '/topic/a.b', 'one', 'two', 'Grüße 🚪');
        $frames = take($peer, 3);
        leave($peer);
        return ['bodies' => array_column($frames, 'body'), 'destination' => $frames[0]->headers['destination']];
    },
    // Many messages that come in few pieces of TCP.
    'burst' => function () {
        $peer = connected();
        $sender = connected();
        subscribe($peer, '/topic/burst', 'auto', ['receipt' => 'r-1']);
        for ($number = 0; $number < 500; $number++) $sender->send('/topic/burst', "m$number");
        $bodies = bodies($peer, 500);
        leave($sender);
        leave($peer);
        return ['count' => count($bodies), 'first' => $bodies[0], 'last' => $bodies[499]];
    },
    'waiting' => function () {
        $sender = connected();
        $receiver = connected();
        publish($sender, '/queue/waiting', 'one', 'two');
        $sender->send('/queue/waiting', 'three', ['receipt' => 'r-1']) ?: throw new Exception('no receipt');
        subscribe($receiver, '/queue/waiting');
        $bodies = bodies($receiver, 3);
        leave($sender);
        leave($receiver);
        return $bodies;
    },
    'error' => function () {
        $peer = connected();
        $sent = $peer->send('/nowhere/a', 'x', ['receipt' => 'r-1']);
        // What it tells is the header message, an empty line and the body.
        return ['message' => explode("\n", $peer->error())[0], 'sent' => $sent];
    },
    'ack-auto' => function () {
        [$peer, $destination, $frames] = queued('auto', 'auto', '1', '2', '3');
        leave($peer);
        return ['first' => array_map('seen', $frames), 'left' => leftIn($destination)];
    },
    'ack-client' => function () {
        [$peer, $destination, $frames] = queued('client', 'client', '1', '2', '3');
        acknowledge($peer, $frames[1]);
        leave($peer);
        return leftIn($destination);
    },
    'ack-individual' => function () {
        [$peer, $destination, $frames] = queued('individual', 'client-individual', '1', '2', '3');
        acknowledge($peer, $frames[0]);
        acknowledge($peer, $frames[2]);
        leave($peer);
        return leftIn($destination);
    },
    'nack' => function () {
        [$peer, $destination, $frames] = queued('nack', 'client-individual', '1', '2');
        acknowledge($peer, $frames[0], 'nack');
        $again = receive($peer);
        acknowledge($peer, $frames[1]);
        acknowledge($peer, $again);
        leave($peer);
        return ['again' => seen($again), 'left' => leftIn($destination)];
    },
    'dead-letter' => function () {
        [$peer, $destination, [$frame]] = queued('deadly', 'client-individual', '1');
        subscribe($peer, '/queue/dead-letter.deadly');
        for ($refused = 0; $frame->headers['destination'] === $destination; $refused++) {
            acknowledge($peer, $frame, 'nack');
            $frame = receive($peer);
        }
        leave($peer);
        return ['refused' => $refused, 'body' => $frame->body, 'original' => $frame->headers['original-destination']];
    },
    'unsubscribed' => function () {
        [$peer, $destination, $frames] = queued('unsubscribed', 'client', '1', '2', '3');
        acknowledge($peer, $frames[0]);
        $peer->unsubscribe($destination, ['receipt' => 'r-1'] + identity($destination));
        $left = leftIn($destination);
        leave($peer);
        return $left;
    },
    'lost' => function () {
        [$peer, $destination] = queued('lost', 'client', '1', '2', '3');
        call($peer, 'peer.drop', []);
        if ($peer->readFrame()) throw new Exception('not dropped');
        $other = connected();
        subscribe($other, $destination);
        $found = array_map('seen', take($other, 3));
        leave($other);
        return $found;
    },
    // What was said before a DISCONNECT without a receipt counts, although the socket is closed at once.
    'hasty' => function () {
        [$peer, $destination, $frames] = queued('hasty', 'client', '1', '2');
        acknowledge($peer, $frames[0]);
        unset($peer);
        return leftIn($destination);
    },
    'transaction-send' => function () {
        $peer = connected();
        subscribe($peer, '/queue/sent');
        $peer->begin('t1');
        foreach (['one', 'two'] as $body) $peer->send('/queue/sent', $body, ['transaction' => 't1']);
        publish($peer, '/queue/sent', 'outside');
        $first = bodies($peer, 1);
        $peer->commit('t1');
        $committed = bodies($peer, 2);
        $peer->begin('t2');
        $peer->send('/queue/sent', 'never', ['transaction' => 't2']);
        $peer->abort('t2');
        publish($peer, '/queue/sent', 'after');
        $aborted = bodies($peer, 1);
        leave($peer);
        return ['first' => $first, 'committed' => $committed, 'aborted' => $aborted];
    },
    'transaction-ack' => function () {
        $ack = version() === '1.0' ? 'client' : 'client-individual';
        [$peer, $destination, $frames] = queued('acked', $ack, '1', '2');
        $peer->begin('t1');
        acknowledge($peer, $frames[0], 'ack', ['transaction' => 't1']);
        $peer->abort('t1');
        $peer->begin('t2');
        acknowledge($peer, $frames[1], 'ack', ['transaction' => 't2']);
        $peer->commit('t2');
        leave($peer);
        return leftIn($destination);
    },
    'receipts' => function () {
        $peer = connected();
        $destination = '/queue/receipts';
        // Each call waits for its receipt and says whether that came.
        $confirmed = ['subscribe' => subscribe($peer, $destination, 'client', ['receipt' => 'r-1'])];
        $confirmed['send'] = $peer->send($destination, 'x', ['receipt' => 'r-2']);
        $frame = receive($peer);
        $confirmed['begin'] = $peer->begin('t1', ['receipt' => 'r-3']);
        $confirmed['ack'] = acknowledge($peer, $frame, 'ack', ['transaction' => 't1', 'receipt' => 'r-4']);
        $confirmed['commit'] = $peer->commit('t1', ['receipt' => 'r-5']);
        $peer->begin('t2');
        $confirmed['abort'] = $peer->abort('t2', ['receipt' => 'r-6']);
        $confirmed['unsubscribe'] = $peer->unsubscribe($destination, ['receipt' => 'r-7'] + identity($destination));
        $confirmed['disconnect'] = leave($peer, 'r-8');
        return array_keys(array_filter($confirmed));
    },
    'large' => function () {
        $body = str_repeat('0123456789abcdef', 524288);
        $peer = connected();
        subscribe($peer, '/topic/large');
        publish($peer, '/topic/large', $body);
        $got = receive($peer)->body;
        leave($peer);
        return ['length' => strlen($got), 'same' => $got === $body];
    },
    'binary' => function () {
        $body = str_repeat(implode('', array_map('chr', range(0, 255))), 64);
        $peer = connected();
        subscribe($peer, '/topic/binary');
        $peer->send('/topic/binary', $body, ['content-type' => 'application/octet-stream']);
        $frame = receive($peer);
        leave($peer);
        return ['same' => $frame->body === $body, 'content-type' => $frame->headers['content-type']];
    },
    'headers' => function () {
        $sent = ['colon' => 'a:b', 'backslash' => 'c:\\dir', 'unicode' => 'Grüße 🚪', 'größe' => '7'];
        if (version() !== '1.0')
            $sent = ['colon' => 'a\\cb', 'backslash' => 'c\\c\\\\dir', 'newline' => 'a\\nb'] + $sent;
        $peer = connected();
        subscribe($peer, '/topic/headers');
        $peer->send('/topic/headers', 'x', $sent);
        $got = receive($peer)->headers;
        leave($peer);
        return array_intersect_key($got, $sent);
    },
    'rpc' => function () {
        $peer = connected();
        $results = [];
        foreach ([REPLIES, '/queue/answers'] as $replyTo) {
            subscribe($peer, $replyTo);
            call($peer, 'house.add', ['a' => 2, 'b' => 3], $replyTo);
            $frame = receive($peer);
            $results[] = [$frame->headers['destination'], json_decode($frame->body)];
        }
        leave($peer);
        return $results;
    },
    'tls' => function () {
        global $given;
        try {
            new Stomp("ssl://127.0.0.1:$given[port]");
        } catch (StompException $refused) {
            return $refused->getMessage();
        }
    },
    'reconnect' => function () {
        $peer = connected();
        call($peer, 'peer.drop', []);
        if ($peer->readFrame()) throw new Exception('not dropped');
        $peer = connected();
        subscribe($peer, '/topic/again');
        publish($peer, '/topic/again', 'back');
        $bodies = bodies($peer, 1);
        leave($peer);
        return $bodies;
    },
];

foreach ($cases as $name => $run) {
    if (version() === '1.0' && in_array($name, ['ack-individual', 'nack', 'dead-letter'])) continue;
    try {
        $outcome = $run();
    } catch (Throwable $error) {
        $outcome = ['failed' => (string) $error];
    }
    echo json_encode([$name, $outcome], JSON_INVALID_UTF8_SUBSTITUTE), "\n";
}
