// What is wrong with the text of a certificate or a key: the end of a sentence that begins with its file.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

/** All certificates of a file; throws if one of them is none, or if there is none. */
export function certificatesIn(text: string): X509Certificate[] {
  const parts = text.match(/-----BEGIN ((X509 |TRUSTED )?CERTIFICATE)-----[^]*?-----END \1-----/g) ?? [text];
  return parts.map((part) => new X509Certificate(part));
}

export function certificateFault(text: string): string | undefined {
  return attempt(() => certificatesIn(text)) === undefined ? 'is no certificate in PEM' : undefined;
}

/** What is wrong with a key, whose certificate is a good one and comes from a file. */
export function pairFault(cert: string, key: string, certFile: string): string | undefined {
  const privateKey: KeyObject | undefined = attempt(() => createPrivateKey(key));
  if (privateKey === undefined) return 'is no private key in PEM without a passphrase';
  // One that is changed before the other would make every handshake fail.
  const isPair = new X509Certificate(cert).checkPrivateKey(privateKey);
  return isPair ? undefined : `is not the key of the certificate ${certFile}`;
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
