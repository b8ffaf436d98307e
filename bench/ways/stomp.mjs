// JSON-RPC over STOMP over one TCP connection, by our client.
import { connect } from '@sallyport/node';
import { caller } from './caller.mjs';

export default caller('JSON-RPC over STOMP', async (port) => {
  const client = await connect(`tcp://127.0.0.1:${port}`);
  return (method) => client.call(method, {});
});
