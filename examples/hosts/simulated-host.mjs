// As much of an oVirt host as an example takes: it answers every request, unless it is being restarted.
import { createServer } from 'node:net';
import { Decoder } from '@sallyport/core/stomp';

/** Listens on a free port; `stop` and `start` are a restart, `close` is the end. */
export async function simulatedHost() {
  const sockets = new Set();
  let isUp = true;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    if (isUp) answer(socket);
    else socket.destroy();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const start = () => void (isUp = true);
  const stop = () => {
    isUp = false;
    for (const socket of sockets) socket.destroy();
  };
  const close = () => {
    stop();
    server.close();
  };
  return { port: server.address().port, start, stop, close };
}

function answer(socket) {
  const decoder = new Decoder({ from: 'client' });
  let subscription;
  socket.on('data', (chunk) => {
    decoder.push(chunk);
    for (let frame; (frame = decoder.next()) !== undefined;) {
      const { command } = frame;
      if (command === 'CONNECT') {
        decoder.version = '1.2';
        socket.write('CONNECTED\nversion:1.2\nheart-beat:10000,10000\n\n\0');
      } else if (command === 'SUBSCRIBE') subscription = frame.header('id');
      else if (command === 'DISCONNECT') socket.write(`RECEIPT\nreceipt-id:${frame.header('receipt')}\n\n\0`);
      else if (command === 'SEND') {
        const { id, method } = JSON.parse(frame.text);
        const body = JSON.stringify({ jsonrpc: '2.0', id, result: { method, uptime: process.uptime() } });
        const head = `destination:${frame.header('reply-to')}\nsubscription:${subscription}`;
        socket.write(`MESSAGE\n${head}\ncontent-length:${body.length}\n\n${body}\0`);
      }
    }
  });
}
