# Drives Debian's ruby-stomp, unchanged, through the cases of test/suites/stomp-client.ts. Called with a JSON object:
# version, port, guarded (a port that asks for credentials), mute (one that falls silent after CONNECTED), ca (a file).
# Prints a JSON line for each case: [name, what was seen].

require 'json'
require 'stomp'

GIVEN = JSON.parse(ARGV[0])
VERSION = GIVEN['version']
LIMIT = 8
REPLIES = '/temp-queue/answers'

# One connection, with the differences between the versions of the library's API.
class Peer
  attr_reader :connection

  @last = 0
  class << self
    attr_accessor :last
  end

  def initialize(port: GIVEN['port'], login: '', passcode: '', ssl: false, hosts: nil, headers: {},
                 logger: Stomp::NullLogger.new, **options)
    hosts ||= [{ login: login, passcode: passcode, host: '127.0.0.1', port: port, ssl: ssl }]
    headers = { 'accept-version': VERSION, host: 'localhost' }.merge(headers) if VERSION != '1.0'
    given = { hosts: hosts, connect_headers: headers, reliable: false, logger: logger }
    @connection = Stomp::Connection.new(given.merge(options))
  end

  def receive
    Timeout.timeout(LIMIT) { @connection.receive }
  end

  def bodies(count)
    Array.new(count) { receive.body.force_encoding('UTF-8') }
  end

  def deliveries(count)
    Array.new(count) { seen(receive) }
  end

  # Waits for a receipt: nothing but it may come now.
  def receipt
    name = "r#{Peer.last += 1}"
    yield({ receipt: name })
    receive.headers['receipt-id'] == name
  end

  def subscribe(destination, ack = 'auto', headers = {})
    @connection.subscribe(destination, { ack: ack }.merge(headers), destination)
  end

  def unsubscribe(destination, headers = {})
    @connection.unsubscribe(destination, headers, destination)
  end

  def send(destination, *bodies, **headers)
    bodies.each { |body| @connection.publish(destination, body, headers) }
  end

  def ack(message, headers = {}, answer = :ack)
    headers = headers.merge(subscription: message.headers['subscription']) if VERSION == '1.1'
    @connection.public_send(answer, message.headers[VERSION == '1.2' ? 'ack' : 'message-id'], headers)
  end

  def call(method, params, reply_to = REPLIES)
    request = { jsonrpc: '2.0', id: 7, method: method, params: params }
    @connection.publish('/queue/rpc', JSON.generate(request), { 'reply-to': reply_to, 'content-type': 'application/json' })
  end

  def leave
    @connection.disconnect({ receipt: 'bye' })
    @connection.disconnect_receipt.headers['receipt-id']
  end

  # Has the server drop the connection.
  def lose
    call('peer.drop', {})
    nil while receive
  rescue Errno::ECONNRESET, EOFError, Stomp::Error::StompServerError
    nil
  end
end

# Notes how often the library found nothing to read where a beat was due, so many times on end that it means something: a
# machine that is busy makes it once or twice.
class Listener < Stomp::NullLogger
  MOST = 5
  attr_reader :timeouts

  def initialize
    super
    @timeouts = 0
  end

  def on_hbread_fail(_connection, ticker)
    # While somebody reads it does not look itself.
    return if ticker['lock_fail']

    @timeouts += 1 if ticker['exception'] || ticker['read_fail_count'] >= MOST
  end
end

def seen(message)
  [message.body, message.headers['redelivered'] || '', message.headers['delivery-count'] || '']
end

# All that a queue still has, up to a mark put at its end.
def left_in(destination)
  peer = Peer.new
  peer.subscribe(destination)
  peer.send(destination, 'end')
  found = []
  found += peer.deliveries(1) until found.last && found.last[0] == 'end'
  peer.leave
  found
end

# Somebody who listens to a new queue and has got its messages.
def queued(name, ack, bodies)
  peer = Peer.new
  destination = "/queue/#{name}"
  peer.subscribe(destination, ack)
  peer.send(destination, *bodies)
  [peer, destination, bodies.map { peer.receive }]
end

CASES = {
  'connect' => lambda {
    peer = Peer.new
    headers = peer.connection.connection_frame.headers
    peer.leave
    { version: headers['version'], session: !headers['session'].empty? }
  },

  'login' => lambda {
    Peer.new(port: GIVEN['guarded'], login: 'ann', passcode: 'se:cr\\et').leave
    refused = Peer.new(port: GIVEN['guarded'], login: 'ann', passcode: 'secret')
    frame = refused.connection.connection_frame
    { right: true, raised: frame.command == 'ERROR', wrong: frame.headers['message'] }
  },

  'topic' => lambda {
    peer = Peer.new
    peer.subscribe('/topic/a.b')
    peer.send('/topic/a.b', 'one', 'two', 'Grüße 🚪')
    messages = Array.new(3) { peer.receive }
    peer.leave
    { bodies: messages.map { |one| one.body.force_encoding('UTF-8') }, destination: messages[0].headers['destination'] }
  },

  # Many messages that come in few pieces of TCP.
  'burst' => lambda {
    peer, sender = Peer.new, Peer.new
    peer.receipt { |headers| peer.subscribe('/topic/burst', 'auto', headers) }
    sender.send('/topic/burst', *Array.new(500) { |number| "m#{number}" })
    bodies = peer.bodies(500)
    [sender, peer].each(&:leave)
    { count: bodies.length, first: bodies.first, last: bodies.last }
  },

  'waiting' => lambda {
    sender, receiver = Peer.new, Peer.new
    sender.send('/queue/waiting', 'one', 'two')
    sender.receipt { |headers| sender.send('/queue/waiting', 'three', **headers) }
    receiver.subscribe('/queue/waiting')
    bodies = receiver.bodies(3)
    [sender, receiver].each(&:leave)
    bodies
  },

  'error' => lambda {
    peer = Peer.new
    peer.send('/nowhere/a', 'x', receipt: 'r-1')
    frame = peer.receive
    { message: frame.headers['message'], 'receipt-id': frame.headers['receipt-id'] }
  },

  'ack-auto' => lambda {
    peer, destination, messages = queued('auto', 'auto', %w[1 2 3])
    peer.leave
    { first: messages.map { |one| seen(one) }, left: left_in(destination) }
  },

  'ack-client' => lambda {
    peer, destination, messages = queued('client', 'client', %w[1 2 3])
    peer.ack(messages[1])
    peer.leave
    left_in(destination)
  },

  'ack-individual' => lambda {
    peer, destination, messages = queued('individual', 'client-individual', %w[1 2 3])
    peer.ack(messages[0])
    peer.ack(messages[2])
    peer.leave
    left_in(destination)
  },

  'nack' => lambda {
    peer, destination, messages = queued('nack', 'client-individual', %w[1 2])
    peer.ack(messages[0], {}, :nack)
    again = peer.receive
    peer.ack(messages[1])
    peer.ack(again)
    peer.leave
    { again: seen(again), left: left_in(destination) }
  },

  'dead-letter' => lambda {
    peer, destination, messages = queued('deadly', 'client-individual', %w[1])
    peer.subscribe('/queue/dead-letter.deadly')
    refused, message = 0, messages[0]
    while message.headers['destination'] == destination
      peer.ack(message, {}, :nack)
      refused += 1
      message = peer.receive
    end
    peer.leave
    { refused: refused, body: message.body, original: message.headers['original-destination'] }
  },

  'unsubscribed' => lambda {
    peer, destination, messages = queued('unsubscribed', 'client', %w[1 2 3])
    peer.ack(messages[0])
    peer.receipt { |headers| peer.unsubscribe(destination, headers) }
    left = left_in(destination)
    peer.leave
    left
  },

  'lost' => lambda {
    peer, destination, = queued('lost', 'client', %w[1 2 3])
    peer.lose
    other = Peer.new
    other.subscribe(destination)
    found = other.deliveries(3)
    other.leave
    found
  },

  # What was said before a DISCONNECT without a receipt counts, although the socket is closed at once.
  'hasty' => lambda {
    peer, destination, messages = queued('hasty', 'client', %w[1 2])
    peer.ack(messages[0])
    peer.connection.disconnect
    left_in(destination)
  },

  'transaction-send' => lambda {
    peer = Peer.new
    peer.subscribe('/queue/sent')
    peer.connection.begin('t1')
    peer.send('/queue/sent', 'one', 'two', transaction: 't1')
    peer.send('/queue/sent', 'outside')
    first = peer.bodies(1)
    peer.connection.commit('t1')
    committed = peer.bodies(2)
    peer.connection.begin('t2')
    peer.send('/queue/sent', 'never', transaction: 't2')
    peer.connection.abort('t2')
    peer.send('/queue/sent', 'after')
    aborted = peer.bodies(1)
    peer.leave
    { first: first, committed: committed, aborted: aborted }
  },

  'transaction-ack' => lambda {
    peer, destination, messages = queued('acked', VERSION == '1.0' ? 'client' : 'client-individual', %w[1 2])
    peer.connection.begin('t1')
    peer.ack(messages[0], { transaction: 't1' })
    peer.connection.abort('t1')
    peer.connection.begin('t2')
    peer.ack(messages[1], { transaction: 't2' })
    peer.connection.commit('t2')
    peer.leave
    left_in(destination)
  },

  'receipts' => lambda {
    peer = Peer.new
    connection, destination = peer.connection, '/queue/receipts'
    names = []
    take = -> { names << peer.receive.headers['receipt-id'] }
    peer.subscribe(destination, 'client', { receipt: 'subscribe' })
    take.call
    peer.send(destination, 'x', receipt: 'send')
    frames = [peer.receive, peer.receive].sort_by(&:command)
    names << frames[1].headers['receipt-id']
    connection.begin('t1', { receipt: 'begin' })
    peer.ack(frames[0], { transaction: 't1', receipt: 'ack' })
    connection.commit('t1', { receipt: 'commit' })
    connection.begin('t2')
    connection.abort('t2', { receipt: 'abort' })
    peer.unsubscribe(destination, { receipt: 'unsubscribe' })
    5.times { take.call }
    connection.disconnect({ receipt: 'disconnect' })
    names << connection.disconnect_receipt.headers['receipt-id']
  },

  # The Client has a thread that listens, and a block for each receipt and message.
  'callbacks' => lambda {
    headers = VERSION == '1.0' ? {} : { 'accept-version': VERSION, host: 'localhost' }
    client = Stomp::Client.new(hosts: [{ host: '127.0.0.1', port: GIVEN['port'] }], connect_headers: headers, reliable: false)
    done = Queue.new
    client.subscribe('/queue/callbacks', { ack: 'client' }) do |message|
      client.ack(message) { |receipt| done << [message.body, receipt.command] }
    end
    client.publish('/queue/callbacks', 'one') { |receipt| done << ['sent', receipt.command] }
    found = Timeout.timeout(LIMIT) { [done.pop, done.pop] }
    client.close
    found.sort
  },

  'heart-beats' => lambda {
    listener = Listener.new
    peer = Peer.new(headers: { 'heart-beat': '100,100' }, logger: listener)
    sleep 1.2
    connection = peer.connection
    peer.receipt { |headers| peer.subscribe('/queue/alive', 'auto', headers) }
    heard = connection.hbrecv_count > 3
    peer.leave
    { heard: heard, timeouts: listener.timeouts }
  },

  # Having heard nothing twice, the library goes to its next host.
  'dead-server' => lambda {
    hosts = [GIVEN['mute'], GIVEN['port']].map { |port| { host: '127.0.0.1', port: port } }
    peer = Peer.new(hosts: hosts, headers: { 'heart-beat': '100,300' }, reliable: true, max_hbread_fails: 2)
    Timeout.timeout(LIMIT) { sleep 0.01 until peer.connection.port == GIVEN['port'] && peer.connection.open? }
    peer.receipt { |headers| peer.subscribe('/queue/alive', 'auto', headers) }
  },

  'large' => lambda {
    body = '0123456789abcdef' * 524_288
    peer = Peer.new
    peer.subscribe('/topic/large')
    peer.send('/topic/large', body)
    got = peer.receive.body
    peer.leave
    { length: got.length, same: got == body }
  },

  'binary' => lambda {
    body = (0..255).to_a.pack('C*') * 64
    peer = Peer.new
    peer.subscribe('/topic/binary')
    peer.send('/topic/binary', body, 'content-type': 'application/octet-stream')
    message = peer.receive
    peer.leave
    { same: message.body.b == body, 'content-type': message.headers['content-type'] }
  },

  'headers' => lambda {
    sent = { 'colon' => 'a:b', 'backslash' => 'c:\\dir', 'unicode' => 'Grüße 🚪', 'größe' => '7' }
    sent['newline'] = "a\nb" if VERSION != '1.0'
    sent['return'] = "a\rb" if VERSION == '1.2'
    peer = Peer.new
    peer.subscribe('/topic/headers')
    peer.connection.publish('/topic/headers', 'x', sent)
    # Only from 1.1 on does the library say that they are UTF-8.
    got = peer.receive.headers.to_a.flatten.map { |text| text.dup.force_encoding('UTF-8') }.each_slice(2).to_h
    peer.leave
    sent.keys.to_h { |name| [name, got[name]] }
  },

  'rpc' => lambda {
    peer = Peer.new
    results = [REPLIES, '/queue/answers'].map do |reply_to|
      peer.subscribe(reply_to)
      peer.call('house.add', { a: 2, b: 3 }, reply_to)
      message = peer.receive
      [message.headers['destination'], JSON.parse(message.body)]
    end
    peer.leave
    results
  },

  'tls' => lambda {
    peer = Peer.new(ssl: Stomp::SSLParams.new(ts_files: GIVEN['ca']))
    peer.subscribe('/topic/tls')
    peer.send('/topic/tls', 'safe', 'x' * 1_000_000)
    small, large = peer.bodies(2)
    peer.leave
    { small: small, large: large.length }
  },

  # A reliable connection dials again by itself, and subscribes what it had.
  'reconnect' => lambda {
    peer = Peer.new(reliable: true)
    peer.subscribe('/topic/again')
    session = peer.connection.session
    peer.call('peer.drop', {})
    reader = Thread.new { peer.bodies(1) }
    Timeout.timeout(LIMIT) { sleep 0.01 until peer.connection.session != session && peer.connection.open? }
    other = Peer.new
    sent = Thread.new { loop { other.send('/topic/again', 'back'); sleep 0.05 } }
    bodies = reader.value
    sent.kill
    other.leave
    bodies
  },
}.freeze

LATER = %w[ack-individual nack dead-letter heart-beats dead-server].freeze

CASES.each do |name, run|
  next if VERSION == '1.0' && LATER.include?(name)

  begin
    outcome = run.call
  rescue StandardError => e
    outcome = { failed: e.full_message(highlight: false) }
  end
  puts JSON.generate([name, outcome])
  $stdout.flush
end
