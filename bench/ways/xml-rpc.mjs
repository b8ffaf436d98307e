// XML-RPC over HTTP.
import { caller } from './caller.mjs';
import { poster } from './http-post.mjs';
import { readAnswer } from './xml-values.mjs';

export default caller('XML-RPC over HTTP', (port, inFlight) => {
  const post = poster(port, '/RPC2', 'text/xml', inFlight);
  return async (method) =>
    readAnswer(await post(`<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params/></methodCall>`));
});
