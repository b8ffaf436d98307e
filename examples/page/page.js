// A page that calls the demo (`npx sallyport demo --origin http://localhost:5173`) and watches its events. Serve this folder with `npx vite`.
import { connect } from '@sallyport/websocket';

const show = (id, text) => (document.getElementById(id).textContent = text);
const server = new URLSearchParams(location.search).get('server') ?? 'ws://localhost:54321';

const client = await connect(server, { retryFirst: true });
show('state', client.state);
client.onState((state) => show('state', state));

client.api.add({ a: 2, b: 3 }).then((sum) => show('sum', sum));

for await (const { data } of client.events('host.stats')) show('load', JSON.stringify(data));
