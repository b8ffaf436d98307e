# Drives Python's own xmlrpc.client through the cases of test/suites/xml-rpc-client.ts. Called with a JSON object: port,
# guarded (a port that asks for credentials), ca (a file), text. Prints a JSON line for each case: [name, what was seen].

import json
import ssl
import sys
import traceback
from datetime import datetime
from xmlrpc.client import Binary, DateTime, Fault, Marshaller, MultiCall, ProtocolError, ServerProxy

given = json.loads(sys.argv[1])
TEXT = given["text"]
server = ServerProxy(f"http://127.0.0.1:{given['port']}/RPC2", allow_none=True)


def plain(value):
    """A value as JSON has it."""
    if isinstance(value, DateTime):
        return value.value
    if isinstance(value, Binary):
        return value.data.hex()
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return value


def fault_of(run):
    try:
        run()
    except Fault as fault:
        return [fault.faultCode, fault.faultString]


def sample():
    return plain(server.xml.sample())


def kinds():
    values = {
        "int": -41,
        "yes": True,
        "no": False,
        "text": TEXT,
        "empty": "",
        "double": -12.5,
        "date": datetime(1998, 7, 17, 14, 8, 55),
        "bytes": b"\x00\xff\x10",
        "list": [1, ["two", []]],
        "struct": {"a b": {"c": 3}},
    }
    seen = {name: server.xml.kind(value) for name, value in values.items()}
    return {**seen, "none": server.xml.kind(), "several": server.xml.kind(1, "two")}


def add():
    return server.house.add({"a": 2, "b": 3})


def fault():
    return fault_of(server.house.fail)


def crash():
    return fault_of(server.house.crash)


def unknown():
    return fault_of(server.no.such.method)


def multicall():
    calls = MultiCall(server)
    calls.house.add({"a": 2, "b": 3})
    calls.house.fail()
    calls.xml.echo("again")
    calls.no.such.method()
    calls.system.multicall([])
    return [one["faultCode"] if isinstance(one, dict) else one for one in calls().results]


def introspection():
    wanted = ["house.add", "rpc.methods", "system.listMethods", "system.multicall"]
    return {
        "listed": [name for name in server.system.listMethods() if name in wanted],
        "help": server.system.methodHelp("house.add"),
        "signature": server.system.methodSignature("house.add"),
        "own": server.system.methodSignature("system.methodHelp"),
    }


def large():
    # More than 3 MB, of 4 MiB that are allowed.
    text = "ü" * 1_000_000 + "<" * 250_000
    answer = server.xml.echo(text)
    return {"length": len(answer), "same": answer == text}


def too_large():
    try:
        server.xml.echo("x" * 5_000_000)
    except ProtocolError as error:
        return error.errcode


def many():
    return sum(server.xml.echo(1) for _ in range(100))


def tls():
    context = ssl.create_default_context(cafile=given["ca"])
    # A URL without a path means /RPC2 to it.
    return ServerProxy(f"https://127.0.0.1:{given['port']}", context=context).house.add({"a": 2, "b": 3})


def login():
    def asked(passcode):
        return ServerProxy(f"http://ann:{passcode}@127.0.0.1:{given['guarded']}/RPC2").whoAmI()

    try:
        asked("wrong")
    except ProtocolError as error:
        return {"right": asked("se:cret"), "wrong": error.errcode == 401}


def nil():
    return {"came": server.xml.nil(), "kind": server.xml.kind(None)}


class Long:
    """A number that the library would not write: it has no <i8> of its own."""


Marshaller.dispatch[Long] = lambda self, value, write: write("<value><i8>-9007199254740991</i8></value>")


def long():
    return {"came": server.xml.long(), "kind": server.xml.kind(Long())}


CASES = [sample, kinds, add, fault, crash, unknown, multicall, introspection, large, too_large, many, tls, login, nil, long]

for case in CASES:
    try:
        outcome = case()
    except Exception:
        outcome = {"failed": traceback.format_exc()}
    print(json.dumps([case.__name__.replace("_", "-"), outcome]), flush=True)
