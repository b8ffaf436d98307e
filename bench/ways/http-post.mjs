// A POST over connections that are kept: as many as there are calls at once, since HTTP/1.1 answers in turn.
import { Agent, request } from 'node:http';

export function poster(port, path, contentType, inFlight) {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  return (body) =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': contentType, 'content-length': Buffer.byteLength(body) };
      const posted = request({ agent, host: '127.0.0.1', port, path, method: 'POST', headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part) => (text += part));
        response.on('error', reject).on('end', () => {
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`${response.statusCode}: ${text}`));
        });
      });
      posted.on('error', reject).end(body);
    });
}
