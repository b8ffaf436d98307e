// A page that calls the demo (`npx sallyport demo --origin http://localhost:5173`) and watches its events. Serve this folder with `npx vite`.
import { connect } from '@sallyport/websocket';

const show = (id, text) => (document.getElementById(id).textContent = text);
const server = new URLSearchParams(location.search).get('server') ?? 'ws://localhost:54321';

const client = await connect(server, { retryFirst: true });
show('state', client.state);
client.onState((state) => show('state', state));

client.api.add({ a: 2, b: 3 }).then((sum) => show('sum', sum));

// After a restart of the server its history is gone: an item with `gap`, and without data, says so.
for await (const { data, gap } of client.events('host.stats')) if (!gap) show('load', JSON.stringify(data));
