// Calls by HTTP over connections that are kept: small and large, batches, notifications; some leave before the answer.

import http from 'node:http';
import https from 'node:https';

const ANSWERED = 'requests by HTTP are answered rightly';

export async function httpCalls(setting) {
  setting.findings.expect(ANSWERED);
  await Promise.all(['http', 'https', 'http', 'https'].map((protocol, at) => ask(setting.for(at), protocol)));
}

async function ask(setting, protocol) {
  const isSecure = protocol === 'https';
  const { Agent } = isSecure ? https : http;
  const agent = new Agent({ keepAlive: true, maxSockets: 3, ca: setting.certificate, servername: 'localhost' });
  const requester = new Requester(setting, isSecure ? https : http, agent);
  await Promise.all([
    setting.repeat(20, 100, () => requester.askSomething()),
    setting.repeat(20, 100, () => requester.askSomething()),
    setting.repeat(500, 2000, () => requester.leave()),
    // Longer than a connection is kept: the next one is opened in time, or the request repeated.
    setting.repeat(4000, 9000, () => requester.askSomething()),
  ]);
  agent.destroy();
}

class Requester {
  #setting;
  #platform;
  #agent;

  constructor(setting, platform, agent) {
    this.#setting = setting;
    this.#platform = platform;
    this.#agent = agent;
  }

  async askSomething() {
    const { random, findings, counts } = this.#setting;
    const id = random.whole(1, 1e9);
    const value = 'ö'.repeat(random.chance(0.1) ? random.magnitude(1000, 200_000) : 10);
    const one = { jsonrpc: '2.0', id, method: 'soak.echo', params: { value } };
    const kind = random.pick(['one', 'one', 'one', 'batch', 'notification']);
    const request = { one, batch: [one, one], notification: { ...one, id: undefined } }[kind];
    const answer = { jsonrpc: '2.0', id, result: { value } };
    const expected = { one: answer, batch: [answer, answer], notification: undefined }[kind];
    const { status, text, error } = await this.#post(JSON.stringify(request));
    counts.message('HTTP', 'requests');
    const isRight = status === (expected ? 200 : 204) && text === (expected ? JSON.stringify(expected) : '');
    findings.check(ANSWERED, isRight, () => `${kind} gave ${error ?? `${status} ${text.slice(0, 200)}`}`);
  }

  /** Asks for what takes long, and breaks the connection. */
  async leave() {
    const { random, counts } = this.#setting;
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'soak.slow', params: { time: 5000, value: 1 } });
    const request = this.#open(body);
    await this.#setting.pause(0, random.magnitude(1, 200));
    counts.cut('by an HTTP client');
    request.on('error', () => {}).destroy();
  }

  #open(body) {
    const { token, port } = this.#setting;
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const request = this.#platform.request({
      host: '127.0.0.1',
      port,
      path: '/rpc',
      method: 'POST',
      headers,
      agent: this.#agent,
    });
    request.end(body);
    return request;
  }

  /** A kept connection may end in the moment in which it is used again; then the request is repeated (RFC 9112, 9.3.1). */
  async #post(body, attempt = 1) {
    const request = this.#open(body);
    try {
      const response = await new Promise((resolve, reject) => request.on('response', resolve).on('error', reject));
      response.setEncoding('utf8');
      let text = '';
      for await (const piece of response) text += piece;
      return { status: response.statusCode, text };
    } catch (error) {
      return request.reusedSocket && attempt < 3 ? this.#post(body, attempt + 1) : { error };
    }
  }
}
