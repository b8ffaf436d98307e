// Sallyport over TCP.
import { over } from './sallyport.mjs';

const { rpc, conn } = over('tcp');

export default { name: 'sallyport-tcp', kind: 'ours', about: 'JSON-RPC over STOMP over TCP', rpc, conn };
