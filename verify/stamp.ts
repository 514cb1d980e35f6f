/**
 * RFC 3161 time stamps: does an answer of a time stamping authority prove that these bytes were there at that time. Reads
 * the CMS signature (RFC 5652 §5) itself; certificates and signatures are Node's.
 */
import { hash, verify, X509Certificate } from 'node:crypto';
import { algorithm, Der, NotDer, oid, TAG, time, type Value } from './der.ts';
import { sha256 } from './merkle.ts';
import { CannotVerify } from './report.ts';

/** Certificates of authorities that the person who checks trusts. */
export type StampTrust = readonly X509Certificate[];

export interface Stamp {
  /** ms since 1970, by the authority's clock. */
  readonly time: number;
  /** Subject of the certificate that signed. */
  readonly authority: string;
  /** Does the certificate lead to a trusted one. */
  readonly trusted: boolean;
}

const SIGNED_DATA = '1.2.840.113549.1.7.2';
const TST_INFO = '1.2.840.113549.1.9.16.1.4';
const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const SIGNING_CERTIFICATE = '1.2.840.113549.1.9.16.2.12';
const SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47';
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';

const DIGESTS: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};
/** What a signature is made with: a digest of its own, that of the signer's digest algorithm, or none (Ed25519). */
const SIGNATURES: Readonly<Record<string, string | 'as-digest' | null>> = {
  '1.2.840.113549.1.1.1': 'as-digest',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
};

/** Longest chain of certificates that is followed. */
const LONGEST = 8;

/** Certificates of a PEM file. @throws CannotVerify when it holds none. */
export function parseAuthorities(pem: Buffer): StampTrust {
  const blocks = pem.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    const certificates = blocks.map((block) => new X509Certificate(block));
    if (certificates.length > 0) return certificates;
  } catch {
    // Said below.
  }
  throw new CannotVerify('The file of trusted time stamping authorities holds no certificate in PEM form.');
}

/** What a TimeStampResp over these bytes says, or a sentence about why it says nothing. */
export function openStamp(response: Buffer, stamped: Buffer, trust: StampTrust): Stamp | { readonly problem: string } {
  try {
    return readStamp(response, stamped, trust);
  } catch (error) {
    if (error instanceof NotDer) return { problem: `It does not read as a time stamp: ${error.message}` };
    if (error instanceof Error && 'code' in error)
      return { problem: `Its certificate or signature does not read (${String(error.code)}).` };
    throw error;
  }
}

function readStamp(response: Buffer, stamped: Buffer, trust: StampTrust): ReturnType<typeof openStamp> {
  const outer = new Der(response);
  const answer = outer.into(TAG.sequence);
  outer.end();
  const status = answer.into(TAG.sequence).take(TAG.integer).content;
  if (!status.equals(Buffer.of(0))) return { problem: 'The authority did not grant it.' };
  const token = answer.into(TAG.sequence);
  answer.end();
  if (oid(token.take(TAG.oid)) !== SIGNED_DATA) return { problem: 'It is not signed data.' };
  const wrapped = token.into(TAG.context0);
  token.end();
  const { content, certificates, signer } = signedData(wrapped.into(TAG.sequence));
  wrapped.end();

  const info = new Der(content).into(TAG.sequence);
  info.take(TAG.integer);
  info.take(TAG.oid);
  const imprint = info.into(TAG.sequence);
  const imprintDigest = DIGESTS[algorithm(imprint.into(TAG.sequence))];
  const imprinted = imprint.take(TAG.octets).content;
  if (imprintDigest === undefined || !hash(imprintDigest, stamped, 'buffer').equals(imprinted))
    return { problem: 'It is a time stamp of something else.' };
  info.take(TAG.integer);
  const ms = time(info.take(TAG.time));

  const certificate = certificates.find((each) => isSigner(each, signer.id));
  if (certificate === undefined) return { problem: 'The certificate that signed it is not in it.' };
  const problem = signatureProblem(signer, content, certificate);
  if (problem !== null) return { problem };
  if (certificate.keyUsage?.join() !== TIME_STAMPING)
    return { problem: 'The certificate that signed it is not one for time stamps only.' };
  if (!validAt(certificate, ms)) return { problem: 'The certificate that signed it was not valid at that time.' };
  const trusted = leadsTo(certificate, certificates, trust, ms);
  if (trust.length > 0 && !trusted) return { problem: 'It is not by an authority that you named as trusted.' };
  return { time: ms, authority: certificate.subject.replaceAll('\n', ', '), trusted };
}

interface Signer {
  /** issuerAndSerialNumber as its bytes, or the subject key identifier. */
  readonly id: Value;
  readonly digest: string;
  readonly attributes: Value;
  readonly signature: { readonly digest: string | null; readonly bytes: Buffer };
}

/** SignedData of RFC 5652 §5.1 with one signer. */
function signedData(data: Der): {
  readonly content: Buffer;
  readonly certificates: readonly X509Certificate[];
  readonly signer: Signer;
} {
  version(data);
  const digests = data.into(TAG.set);
  const announced = new Set<string>();
  while (!digests.done) announced.add(digestName(digests.into(TAG.sequence)));
  const encapsulated = data.into(TAG.sequence);
  if (oid(encapsulated.take(TAG.oid)) !== TST_INFO) throw new NotDer('What is signed is no time stamp.');
  const wrapped = encapsulated.into(TAG.context0);
  encapsulated.end();
  const content = wrapped.take(TAG.octets).content;
  wrapped.end();
  const certificates: X509Certificate[] = [];
  const bag = data.maybe(TAG.context0);
  if (bag !== undefined)
    for (const each = new Der(bag.content); !each.done;) {
      if (certificates.length === LONGEST) throw new NotDer('It holds more certificates than a chain has.');
      certificates.push(new X509Certificate(each.take(TAG.sequence).whole));
    }
  data.maybe(TAG.context1);
  const signers = data.into(TAG.set);
  data.end();
  const info = signers.into(TAG.sequence);
  signers.end();
  version(info);
  const id = info.take();
  const digest = digestName(info.into(TAG.sequence));
  if (!announced.has(digest)) throw new NotDer('It is signed with a digest that it does not announce.');
  const attributes = info.take(TAG.context0);
  const known = SIGNATURES[algorithm(info.into(TAG.sequence))];
  if (known === undefined) throw new NotDer('It is signed by an algorithm that is not known here.');
  const bytes = info.take(TAG.octets).content;
  info.maybe(TAG.context1);
  info.end();
  return {
    content,
    certificates,
    signer: { id, digest, attributes, signature: { digest: known === 'as-digest' ? digest : known, bytes } },
  };
}

function version(data: Der): void {
  const { content } = data.take(TAG.integer);
  if (content.length !== 1 || ![1, 3].includes(content[0] ?? 0)) throw new NotDer('It is of an unknown version.');
}

function digestName(identifier: Der): string {
  const name = DIGESTS[algorithm(identifier)];
  if (name === undefined) throw new NotDer('It uses a digest that is not known here or no longer safe.');
  return name;
}

/** Issuer and serial number as they stand in a certificate (RFC 5280 §4.1). */
function isSigner(certificate: X509Certificate, id: Value): boolean {
  if (id.tag === TAG.primitive0) return certificate.raw.includes(id.content);
  const body = new Der(certificate.raw).into(TAG.sequence).into(TAG.sequence);
  body.maybe(TAG.context0);
  const serial = body.take(TAG.integer).whole;
  body.take(TAG.sequence);
  return id.tag === TAG.sequence && id.content.equals(Buffer.concat([body.take(TAG.sequence).whole, serial]));
}

/** RFC 5652 §5.4: the signature is over the attributes as a SET, and these hold the digest of the content. */
function signatureProblem(signer: Signer, content: Buffer, certificate: X509Certificate): string | null {
  const attributes = new Map<string, Value>();
  for (const each = new Der(signer.attributes.content); !each.done;) {
    const attribute = each.into(TAG.sequence);
    const name = oid(attribute.take(TAG.oid));
    const values = attribute.into(TAG.set);
    if (attributes.has(name)) return 'A signed attribute stands there twice.';
    attributes.set(name, values.take());
  }
  const type = attributes.get(CONTENT_TYPE);
  if (type === undefined || oid(type) !== TST_INFO) return 'It is not signed as a time stamp.';
  const digest = attributes.get(MESSAGE_DIGEST);
  if (digest?.tag !== TAG.octets || !hash(signer.digest, content, 'buffer').equals(digest.content))
    return 'Its signature is over another content.';
  if (!namesCertificate(attributes, certificate))
    return 'Its signature does not name the certificate it was made with.';
  const signed = Buffer.concat([Buffer.of(TAG.set), signer.attributes.whole.subarray(1)]);
  const good = verify(signer.signature.digest, signed, certificate.publicKey, signer.signature.bytes);
  return good ? null : 'Its signature is wrong.';
}

/** RFC 5816 §2.2.1 (ESSCertIDv2, SHA-256 where no algorithm stands) or RFC 2634 §5.4 (SHA-1, a mere name beside the signature). */
function namesCertificate(attributes: ReadonlyMap<string, Value>, certificate: X509Certificate): boolean {
  const v2 = attributes.get(SIGNING_CERTIFICATE_V2);
  const v1 = attributes.get(SIGNING_CERTIFICATE);
  const named = v2 ?? v1;
  if (named?.tag !== TAG.sequence) return false;
  const id = new Der(named.content).into(TAG.sequence).into(TAG.sequence);
  const digest = v2 === undefined ? 'sha1' : id.next === TAG.sequence ? digestName(id.into(TAG.sequence)) : 'sha256';
  return hash(digest, certificate.raw, 'buffer').equals(id.take(TAG.octets).content);
}

const validAt = (certificate: X509Certificate, ms: number): boolean =>
  Date.parse(certificate.validFrom) <= ms && ms <= Date.parse(certificate.validTo);

function leadsTo(
  certificate: X509Certificate,
  bag: readonly X509Certificate[],
  trust: StampTrust,
  ms: number,
): boolean {
  const fingerprint = (each: X509Certificate): string => sha256(each.raw).toString('hex');
  const anchors = new Set(trust.map(fingerprint));
  const issuers = new Map([...trust, ...bag].map((each) => [fingerprint(each), each]));
  let level = [certificate];
  for (let depth = 0; depth < LONGEST && level.length > 0; depth++) {
    if (level.some((each) => anchors.has(fingerprint(each)))) return true;
    const above = [...issuers].filter(([, issuer]) =>
      level.some(
        (each) => issuer.ca && validAt(issuer, ms) && each.checkIssued(issuer) && each.verify(issuer.publicKey),
      ),
    );
    for (const [known] of above) issuers.delete(known);
    level = above.map(([, issuer]) => issuer);
  }
  return false;
}
