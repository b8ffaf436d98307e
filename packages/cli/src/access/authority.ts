// Who signs the certificates of clients: whether a certificate that an earlier authority has signed is one of this one's, too.

import { X509Certificate } from 'node:crypto';
import type { ClientCertificate } from '@sallyport/node';
import { certificatesIn } from '../settings/pem-files.js';

/** Authorities that sign for each other; more are a circle. */
const LONGEST_CHAIN = 8;

export class Authority {
  private readonly certificates: readonly X509Certificate[];
  private readonly known: ReadonlySet<string>;
  /** What has been found out; verifying takes a while, and those who are there are asked about at each action. */
  private readonly verdicts = new WeakMap<ClientCertificate, boolean>();

  constructor(
    /** Its certificates, PEM. */
    readonly text: string,
  ) {
    this.certificates = certificatesIn(text);
    this.known = new Set(this.certificates.map(({ fingerprint256 }) => fingerprint256));
  }

  /**
   * Whether TLS would accept a certificate, as far as that can be told afterwards: what stood between it and its authority is
   * not kept, so whoever has sent that along has to connect anew.
   */
  accepts(certificate: ClientCertificate | undefined): boolean {
    if (certificate?.raw === undefined) return false;
    let verdict = this.verdicts.get(certificate);
    if (verdict === undefined) {
      verdict = this.reaches(new X509Certificate(certificate.raw), LONGEST_CHAIN);
      this.verdicts.set(certificate, verdict);
    }
    return verdict;
  }

  /** A chain ends at a certificate that nobody else has signed, and that one must be ours (RFC 5280, section 6.1). */
  private reaches(certificate: X509Certificate, left: number): boolean {
    if (certificate.issuer === certificate.subject) return this.known.has(certificate.fingerprint256);
    if (left === 0) return false;
    return this.certificates.some(
      (issuer) =>
        certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey) && this.reaches(issuer, left - 1),
    );
  }
}
