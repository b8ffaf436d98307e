// One port, many ways in: their addresses, to copy.

import type { Address } from './addresses.js';
import { CopyButton } from './copy-button.jsx';

export function AddressList({ addresses, own }: { addresses: readonly Address[]; own: string }) {
  return (
    <section class="card addresses" aria-labelledby="addresses-title">
      <h2 id="addresses-title">One port, five ways in</h2>
      <ul>
        {addresses.map(({ title, url, about }) => (
          <li key={url}>
            <h3>
              {title}
              {url === own && <span class="badge">this page</span>}
            </h3>
            <code>{url}</code>
            <p>{about}</p>
            <CopyButton text={() => url} label={`Copy ${url}`} />
          </li>
        ))}
      </ul>
    </section>
  );
}
