// Calls a method so many times, so many at once, and counts what that took on this side.
import { subscribe } from 'node:diagnostics_channel';

/** Every socket that this process dials, whoever does it. */
const sockets = new Set();
subscribe('net.client.socket', ({ socket }) => sockets.add(socket));

function bytes() {
  let [sent, received] = [0, 0];
  for (const socket of sockets) {
    sent += socket.bytesWritten;
    received += socket.bytesRead;
  }
  return { sent, received };
}

/** The operations of a client, as the agent takes them; `open` makes what `call(method)` is. */
export function caller(name, open) {
  let call;
  return {
    name,
    /** Returns what each method has answered, as JSON, so that all ways can be compared. */
    async connect({ port, inFlight, methods }) {
      call = await open(port, inFlight);
      const answers = {};
      for (const method of methods) answers[method] = JSON.stringify(await call(method));
      return answers;
    },
    async run({ method, calls, inFlight }) {
      let left = calls;
      const worker = async () => {
        while (left-- > 0) await call(method);
      };
      const [cpu, before, began] = [process.cpuUsage(), bytes(), performance.now()];
      await Promise.all(Array.from({ length: inFlight }, worker));
      const seconds = (performance.now() - began) / 1000;
      const [{ user, system }, after] = [process.cpuUsage(cpu), bytes()];
      return {
        perSec: calls / seconds,
        sent: (after.sent - before.sent) / calls,
        received: (after.received - before.received) / calls,
        clientCpu: (user + system) / calls,
      };
    },
  };
}
