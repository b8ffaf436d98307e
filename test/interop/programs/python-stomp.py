# Drives Debian's python3-stomp, unchanged, through the cases of test/suites/stomp-client.ts. Called with a JSON object:
# version, port, guarded (a port that asks for credentials), mute (one that falls silent after CONNECTED), ca (a file).
# Prints a JSON line for each case: [name, what was seen].

import json
import queue
import sys
import time
import traceback

import stomp

given = json.loads(sys.argv[1])
VERSION = given["version"]
LIMIT = 8
CONNECTIONS = {
    "1.0": stomp.StompConnection10,
    "1.1": stomp.StompConnection11,
    "1.2": stomp.StompConnection12,
}
REPLIES = "/temp-queue/answers"


class Ears(stomp.ConnectionListener):
    """Puts what comes into queues, since the library calls back on a thread of its own."""

    def __init__(self):
        self.messages = queue.Queue()
        self.others = queue.Queue()

    def on_connected(self, frame):
        self.others.put(("connected", frame))

    def on_message(self, frame):
        self.messages.put(frame)

    def on_receipt(self, frame):
        self.others.put(("receipt", frame))

    def on_error(self, frame):
        self.others.put(("error", frame))

    def on_disconnected(self):
        self.others.put(("disconnected", None))

    def on_heartbeat_timeout(self):
        self.others.put(("timeout", None))


class Peer:
    """One connection, with the differences between the versions of the library's API."""

    last = 0

    def __init__(self, port=given["port"], login=None, passcode=None, tls=False, wait=True, **options):
        self.ears = Ears()
        self.connection = CONNECTIONS[VERSION]([("127.0.0.1", port)], reconnect_attempts_max=1, **options)
        if tls:
            self.connection.set_ssl(for_hosts=[("127.0.0.1", port)], ca_certs=given["ca"])
        self.connection.set_listener("ears", self.ears)
        self.connection.connect(login, passcode, wait=wait)

    def other(self, kind):
        while True:
            got, frame = self.ears.others.get(timeout=LIMIT)
            if got == kind:
                return frame

    def next(self):
        return self.ears.messages.get(timeout=LIMIT)

    def bodies(self, count):
        return [self.next().body for _ in range(count)]

    def deliveries(self, count):
        return [seen(self.next()) for _ in range(count)]

    def receipt(self, call, *args, **named):
        """Calls with a receipt and waits for it."""
        Peer.last += 1
        name = f"r{Peer.last}"
        call(*args, **named, receipt=name)
        return self.other("receipt").headers["receipt-id"] == name

    def subscribe(self, destination, ack="auto"):
        # The id came with 1.1; 1.0 goes by the destination.
        identity = {} if VERSION == "1.0" else {"id": destination}
        self.receipt(self.connection.subscribe, destination, ack=ack, **identity)

    def unsubscribe(self, destination):
        name = {"destination": destination} if VERSION == "1.0" else {"id": destination}
        return self.receipt(self.connection.unsubscribe, **name)

    def send(self, destination, *bodies, **named):
        for body in bodies:
            self.connection.send(destination, body, **named)

    def ack(self, frame, answer="ack", **named):
        call = getattr(self.connection, answer)
        if VERSION == "1.2":
            call(frame.headers["ack"], **named)
        elif VERSION == "1.1":
            call(frame.headers["message-id"], frame.headers["subscription"], **named)
        else:
            call(frame.headers["message-id"], **named)

    def call(self, method, params, reply_to=REPLIES):
        body = json.dumps({"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
        self.connection.send("/queue/rpc", body, content_type="application/json", headers={"reply-to": reply_to})

    def leave(self):
        self.connection.disconnect(receipt="bye")

    def lose(self):
        """Has the server drop the connection."""
        self.call("peer.drop", {})
        self.other("disconnected")


def seen(frame):
    headers = frame.headers
    return [frame.body, headers.get("redelivered", ""), headers.get("delivery-count", "")]


def left_in(destination):
    """All that a queue still has, up to a mark put at its end."""
    peer = Peer()
    peer.subscribe(destination)
    peer.send(destination, "end")
    found = []
    while not found or found[-1][0] != "end":
        found += peer.deliveries(1)
    peer.leave()
    return found


def queued(name, ack, bodies):
    """Somebody who listens to a new queue and has got its messages."""
    peer = Peer()
    destination = "/queue/" + name
    peer.subscribe(destination, ack)
    peer.send(destination, *bodies)
    return peer, destination, [peer.next() for _ in bodies]


def connect():
    peer = Peer()
    headers = peer.other("connected").headers
    peer.leave()
    return {"version": headers["version"], "session": len(headers["session"]) > 0}


def login():
    Peer(given["guarded"], "ann", "se:cr\\et").leave()
    raised = False
    try:
        Peer(given["guarded"], "ann", "secret")
    except stomp.exception.ConnectFailedException:
        raised = True
    refused = Peer(given["guarded"], "ann", "secret", wait=False)
    return {"right": True, "raised": raised, "wrong": refused.other("error").headers["message"]}


def topic():
    peer = Peer()
    peer.subscribe("/topic/a.b")
    peer.send("/topic/a.b", "one", "two", "Grüße 🚪")
    frames = [peer.next() for _ in range(3)]
    peer.leave()
    return {"bodies": [frame.body for frame in frames], "destination": frames[0].headers["destination"]}


def burst():
    peer, sender = Peer(), Peer()
    peer.subscribe("/topic/burst")
    sender.send("/topic/burst", *[f"m{number}" for number in range(500)])
    bodies = peer.bodies(500)
    sender.leave()
    peer.leave()
    return {"count": len(bodies), "first": bodies[0], "last": bodies[-1]}


def waiting():
    sender, receiver = Peer(), Peer()
    sender.send("/queue/waiting", "one", "two")
    sender.receipt(sender.connection.send, "/queue/waiting", "three")
    receiver.subscribe("/queue/waiting")
    bodies = receiver.bodies(3)
    sender.leave()
    receiver.leave()
    return bodies


def error():
    peer = Peer()
    peer.connection.send("/nowhere/a", "x", receipt="r-1")
    headers = peer.other("error").headers
    peer.other("disconnected")
    return {"message": headers["message"], "receipt-id": headers["receipt-id"]}


def ack_auto():
    peer, destination, frames = queued("auto", "auto", ["1", "2", "3"])
    peer.leave()
    return {"first": [seen(frame) for frame in frames], "left": left_in(destination)}


def ack_client():
    peer, destination, frames = queued("client", "client", ["1", "2", "3"])
    peer.ack(frames[1])
    peer.leave()
    return left_in(destination)


def ack_individual():
    peer, destination, frames = queued("individual", "client-individual", ["1", "2", "3"])
    peer.ack(frames[0])
    peer.ack(frames[2])
    peer.leave()
    return left_in(destination)


def nack():
    peer, destination, frames = queued("nack", "client-individual", ["1", "2"])
    peer.ack(frames[0], "nack")
    again = peer.next()
    peer.ack(frames[1])
    peer.ack(again)
    peer.leave()
    return {"again": seen(again), "left": left_in(destination)}


def dead_letter():
    peer, destination, frames = queued("deadly", "client-individual", ["1"])
    peer.subscribe("/queue/dead-letter.deadly")
    refused, frame = 0, frames[0]
    while frame.headers["destination"] == destination:
        peer.ack(frame, "nack")
        refused += 1
        frame = peer.next()
    peer.leave()
    return {"refused": refused, "body": frame.body, "original": frame.headers["original-destination"]}


def unsubscribed():
    peer, destination, frames = queued("unsubscribed", "client", ["1", "2", "3"])
    peer.ack(frames[0])
    peer.unsubscribe(destination)
    left = left_in(destination)
    peer.leave()
    return left


def lost():
    peer, destination, _ = queued("lost", "client", ["1", "2", "3"])
    peer.lose()
    other = Peer()
    other.subscribe(destination)
    found = other.deliveries(3)
    other.leave()
    return found


def transaction_send():
    peer = Peer()
    peer.subscribe("/queue/sent")
    peer.connection.begin("t1")
    peer.send("/queue/sent", "one", "two", transaction="t1")
    peer.send("/queue/sent", "outside")
    first = peer.bodies(1)
    peer.connection.commit("t1")
    committed = peer.bodies(2)
    peer.connection.begin("t2")
    peer.send("/queue/sent", "never", transaction="t2")
    peer.connection.abort("t2")
    peer.send("/queue/sent", "after")
    aborted = peer.bodies(1)
    peer.leave()
    return {"first": first, "committed": committed, "aborted": aborted}


def transaction_ack():
    peer, destination, frames = queued("acked", "client-individual" if VERSION != "1.0" else "client", ["1", "2"])
    peer.connection.begin("t1")
    peer.ack(frames[0], transaction="t1")
    peer.connection.abort("t1")
    peer.connection.begin("t2")
    peer.ack(frames[1], transaction="t2")
    peer.connection.commit("t2")
    peer.leave()
    return left_in(destination)


def receipts():
    peer = Peer()
    connection, destination = peer.connection, "/queue/receipts"
    identity = {} if VERSION == "1.0" else {"id": destination}
    connection.subscribe(destination, ack="client", receipt="subscribe", **identity)
    connection.send(destination, "x", receipt="send")
    connection.begin("t1", receipt="begin")
    peer.ack(peer.next(), transaction="t1", receipt="ack")
    connection.commit("t1", receipt="commit")
    connection.begin("t2")
    connection.abort("t2", receipt="abort")
    connection.unsubscribe(**(identity or {"destination": destination}), receipt="unsubscribe")
    connection.disconnect(receipt="disconnect")
    return [peer.other("receipt").headers["receipt-id"] for _ in range(8)]


def heart_beats():
    # The scale bears a machine that is busy.
    peer = Peer(heartbeats=(100, 100), heart_beat_receive_scale=10)
    stats = stomp.listener.StatsListener()
    peer.connection.set_listener("stats", stats)
    time.sleep(1.2)
    peer.subscribe("/queue/alive")
    peer.leave()
    return {"heard": stats.heartbeat_count > 3, "timeouts": stats.heartbeat_timeouts}


def dead_server():
    peer = Peer(given["mute"], heartbeats=(100, 100))
    peer.other("timeout")
    return not peer.connection.is_connected()


def large():
    body = "0123456789abcdef" * 524288
    peer = Peer()
    peer.subscribe("/topic/large")
    peer.send("/topic/large", body)
    got = peer.next().body
    peer.leave()
    return {"length": len(got), "same": got == body}


def binary():
    body = bytes(range(256)) * 64
    peer = Peer(auto_decode=False)
    peer.subscribe("/topic/binary")
    peer.send("/topic/binary", body, content_type="application/octet-stream")
    frame = peer.next()
    peer.leave()
    return {"same": frame.body == body, "content-type": frame.headers["content-type"]}


def headers():
    sent = {"colon": "a:b", "backslash": "c:\\dir", "unicode": "Grüße 🚪", "größe": "7"}
    if VERSION != "1.0":
        sent["newline"] = "a\nb"
    if VERSION == "1.2":
        sent["return"] = "a\rb"
    peer = Peer()
    peer.subscribe("/topic/headers")
    peer.send("/topic/headers", "x", headers=dict(sent))
    got = peer.next().headers
    peer.leave()
    return {name: got.get(name) for name in sent}


def rpc():
    peer = Peer()
    results = []
    for reply_to in [REPLIES, "/queue/answers"]:
        peer.subscribe(reply_to)
        peer.call("house.add", {"a": 2, "b": 3}, reply_to)
        frame = peer.next()
        results.append([frame.headers["destination"], json.loads(frame.body)])
    peer.leave()
    return results


def tls_peer(attempts=5):
    # Its receiving thread reads the TLS connection while another one writes. Before Python 3.13 that is not safe: of a
    # hundred connections about one never sends its CONNECT.
    try:
        return Peer(tls=True)
    except stomp.exception.ConnectFailedException:
        if attempts == 1:
            raise
        return tls_peer(attempts - 1)


def tls():
    peer = tls_peer()
    peer.subscribe("/topic/tls")
    peer.send("/topic/tls", "safe", "x" * 1000000)
    small, large = peer.bodies(2)
    peer.leave()
    return {"small": small, "large": len(large)}


def reconnect():
    peer = Peer()
    peer.lose()
    peer.connection.connect(wait=True)
    peer.subscribe("/topic/again")
    peer.send("/topic/again", "back")
    bodies = peer.bodies(1)
    peer.leave()
    return bodies


CASES = [connect, login, topic, burst, waiting, error, ack_auto, ack_client, unsubscribed, lost, transaction_send]
CASES += [transaction_ack, receipts, large, binary, headers, rpc, tls, reconnect]
if VERSION != "1.0":
    CASES += [ack_individual, nack, dead_letter, heart_beats, dead_server]

for case in CASES:
    try:
        outcome = case()
    except Exception:
        outcome = {"failed": traceback.format_exc()}
    print(json.dumps([case.__name__.replace("_", "-"), outcome]), flush=True)
