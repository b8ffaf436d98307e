<?php
// Drives Debian's php-xmlrpc, unchanged, through the cases of test/suites/xml-rpc-client.ts. Called with a JSON object:
// port, guarded (a port that asks for credentials), ca (a file), text. Prints a JSON line for each case: [name, what was
// seen]. The extension writes and reads documents; its user sends them.

$given = json_decode($argv[1], true);

class Fault extends Exception {}

function asked(string $url, string $method, array $params, array $headers = []) {
    global $given;
    // Its default is Latin-1.
    $options = ['encoding' => 'UTF-8', 'escaping' => 'markup'];
    $http = [
        'method' => 'POST',
        'protocol_version' => '1.0',
        'header' => ['Content-Type: text/xml', ...$headers],
        'content' => xmlrpc_encode_request($method, $params, $options),
        'ignore_errors' => true,
    ];
    $context = stream_context_create(['http' => $http, 'ssl' => ['cafile' => $given['ca']]]);
    $document = file_get_contents($url, false, $context);
    $status = (int) explode(' ', $http_response_header[0])[1];
    if ($status !== 200) throw new Exception($document, $status);
    $value = xmlrpc_decode($document, 'UTF-8');
    if (is_array($value) && xmlrpc_is_fault($value)) throw new Fault($value['faultString'], $value['faultCode']);
    return $value;
}

function call(string $method, ...$params) {
    global $given;
    return asked("http://127.0.0.1:$given[port]/RPC2", $method, $params);
}

function fault_of(string $method): array {
    try {
        call($method);
    } catch (Fault $fault) {
        return [$fault->getCode(), $fault->getMessage()];
    }
}

function typed(string $value, string $type) {
    xmlrpc_set_type($value, $type);
    return $value;
}

/** A value as JSON has it. */
function plain($value) {
    if (is_array($value)) return array_map('plain', $value);
    if (!is_object($value)) return $value;
    return $value->xmlrpc_type === 'base64' ? bin2hex($value->scalar) : $value->scalar;
}

$cases = [
    'sample' => fn () => plain(call('xml.sample')),
    'kinds' => function () use ($given) {
        $values = [
            'int' => -41,
            'yes' => true,
            'no' => false,
            'text' => $given['text'],
            'empty' => '',
            'double' => -12.5,
            'date' => typed('19980717T14:08:55', 'datetime'),
            'bytes' => typed("\x00\xff\x10", 'base64'),
            'list' => [1, ['two', []]],
            'struct' => ['a b' => ['c' => 3]],
        ];
        $seen = array_map(fn ($value) => call('xml.kind', $value), $values);
        return [...$seen, 'none' => call('xml.kind'), 'several' => call('xml.kind', 1, 'two')];
    },
    'add' => fn () => call('house.add', ['a' => 2, 'b' => 3]),
    'fault' => fn () => fault_of('house.fail'),
    'crash' => fn () => fault_of('house.crash'),
    'unknown' => fn () => fault_of('no.such.method'),
    'multicall' => function () {
        $calls = [
            ['methodName' => 'house.add', 'params' => [['a' => 2, 'b' => 3]]],
            ['methodName' => 'house.fail', 'params' => []],
            ['methodName' => 'xml.echo', 'params' => ['again']],
            ['methodName' => 'no.such.method', 'params' => []],
            ['methodName' => 'system.multicall', 'params' => []],
        ];
        return array_map(fn ($one) => $one['faultCode'] ?? $one, call('system.multicall', $calls));
    },
    'introspection' => function () {
        $wanted = ['house.add', 'rpc.methods', 'system.listMethods', 'system.multicall'];
        return [
            'listed' => array_values(array_intersect(call('system.listMethods'), $wanted)),
            'help' => call('system.methodHelp', 'house.add'),
            'signature' => call('system.methodSignature', 'house.add'),
            'own' => call('system.methodSignature', 'system.methodHelp'),
        ];
    },
    'large' => function () {
        $text = str_repeat('ü', 1_000_000) . str_repeat('<', 250_000);
        $answer = call('xml.echo', $text);
        return ['length' => iconv_strlen($answer, 'UTF-8'), 'same' => $answer === $text];
    },
    'too-large' => function () {
        try {
            call('xml.echo', str_repeat('x', 5_000_000));
        } catch (Exception $refused) {
            return $refused->getCode();
        }
    },
    'many' => fn () => array_sum(array_map(fn () => call('xml.echo', 1), range(1, 100))),
    'tls' => fn () => asked("https://127.0.0.1:$given[port]/RPC2", 'house.add', [['a' => 2, 'b' => 3]]),
    'login' => function () use ($given) {
        $as = function (string $passcode) use ($given) {
            $header = 'Authorization: Basic ' . base64_encode("ann:$passcode");
            return asked("http://127.0.0.1:$given[guarded]/RPC2", 'whoAmI', [], [$header]);
        };
        try {
            $as('wrong');
        } catch (Exception $refused) {
            return ['right' => $as('se:cret'), 'wrong' => $refused->getCode() === 401];
        }
    },
    'nil' => fn () => ['came' => call('xml.nil'), 'kind' => call('xml.kind', null)],
];

foreach ($cases as $name => $run) {
    try {
        $outcome = $run();
    } catch (Throwable $error) {
        $outcome = ['failed' => (string) $error];
    }
    echo json_encode([$name, $outcome], JSON_INVALID_UTF8_SUBSTITUTE), "\n";
}
