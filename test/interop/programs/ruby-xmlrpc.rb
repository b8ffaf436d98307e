# Drives Debian's ruby-xmlrpc, unchanged, through the cases of test/suites/xml-rpc-client.ts. Called with a JSON object:
# port, guarded (a port that asks for credentials), ca (a file), text. Prints a JSON line for each case: [name, what was
# seen].

require 'json'
require 'xmlrpc/client'

# Options of the library's users: <nil/> is not of the specification.
XMLRPC::Config.module_eval do
  remove_const(:ENABLE_NIL_CREATE)
  const_set(:ENABLE_NIL_CREATE, true)
  remove_const(:ENABLE_NIL_PARSER)
  const_set(:ENABLE_NIL_PARSER, true)
  remove_const(:ENABLE_BIGINT)
  const_set(:ENABLE_BIGINT, true)
end

GIVEN = JSON.parse(ARGV[0])
TEXT = GIVEN['text']

def client(user: nil, password: nil, port: GIVEN['port'], tls: false)
  XMLRPC::Client.new3(host: '127.0.0.1', path: '/RPC2', port: port, user: user, password: password, use_ssl: tls)
end

def server
  @server ||= client
end

# A value as JSON has it.
def plain(value)
  case value
  when XMLRPC::DateTime then value.to_time.utc.strftime('%Y%m%dT%H:%M:%S')
  when Array then value.map { |one| plain(one) }
  when Hash then value.transform_values { |one| plain(one) }
  else value
  end
end

def fault_of(*call)
  server.call(*call)
rescue XMLRPC::FaultException => e
  [e.faultCode, e.faultString]
end

CASES = {
  'sample' => lambda {
    sample = server.call('xml.sample')
    # Bytes come as a string.
    sample['bytes'] = sample['bytes'].unpack1('H*')
    plain(sample)
  },

  'kinds' => lambda {
    values = {
      int: -41, yes: true, no: false, text: TEXT, empty: '', double: -12.5,
      date: XMLRPC::DateTime.new(1998, 7, 17, 14, 8, 55), bytes: XMLRPC::Base64.new("\x00\xff\x10".b),
      list: [1, ['two', []]], struct: { 'a b' => { 'c' => 3 } }
    }
    values.transform_values { |value| server.call('xml.kind', value) }
          .merge(none: server.call('xml.kind'), several: server.call('xml.kind', 1, 'two'))
  },

  'add' => -> { server.call('house.add', { 'a' => 2, 'b' => 3 }) },
  'fault' => -> { fault_of('house.fail') },
  'crash' => -> { fault_of('house.crash') },
  'unknown' => -> { fault_of('no.such.method') },

  'multicall' => lambda {
    calls = [['house.add', { 'a' => 2, 'b' => 3 }], ['house.fail'], ['xml.echo', 'again'], ['no.such.method']]
    answers = server.multicall(*calls, ['system.multicall', []])
    # The library takes results out of their arrays.
    answers.map { |one| one.is_a?(XMLRPC::FaultException) ? one.faultCode : [one] }
  },

  'introspection' => lambda {
    wanted = %w[house.add rpc.methods system.listMethods system.multicall]
    {
      listed: server.call('system.listMethods') & wanted,
      help: server.call('system.methodHelp', 'house.add'),
      signature: server.call('system.methodSignature', 'house.add'),
      own: server.call('system.methodSignature', 'system.methodHelp')
    }
  },

  'large' => lambda {
    # Few to escape: what REXML takes to read them grows with their number times the length of the text.
    text = 'ü' * 1_249_750 + '<' * 250
    answer = server.call('xml.echo', text)
    { length: answer.length, same: answer == text }
  },

  'too-large' => lambda {
    begin
      server.call('xml.echo', 'x' * 5_000_000)
    rescue RuntimeError => e
      e.message[/\d{3}/].to_i
    end
  },

  'many' => -> { Array.new(100) { server.call('xml.echo', 1) }.sum },

  'tls' => lambda {
    peer = client(tls: true)
    peer.http.ca_file = GIVEN['ca']
    peer.call('house.add', { 'a' => 2, 'b' => 3 })
  },

  'login' => lambda {
    asked = ->(password) { client(user: 'ann', password: password, port: GIVEN['guarded']).call('whoAmI') }
    begin
      asked.call('wrong')
    rescue RuntimeError => e
      { right: asked.call('se:cret'), wrong: e.message.include?('Authorization failed') }
    end
  },

  'nil' => -> { { came: server.call('xml.nil'), kind: server.call('xml.kind', nil) } },
  'long' => -> { { came: server.call('xml.long'), kind: server.call('xml.kind', -9_007_199_254_740_991) } },
}.freeze

CASES.each do |name, run|
  begin
    outcome = run.call
  rescue StandardError => e
    outcome = { failed: e.full_message(highlight: false) }
  end
  puts JSON.generate([name, outcome])
  $stdout.flush
end
