/** The answer of a time stamping authority (RFC 3161 §2.4.2), read and checked with pkijs. */
import { hash, X509Certificate } from 'node:crypto';
import {
  Certificate,
  type ExtKeyUsage,
  PKIStatus,
  SignedData,
  type SignedDataVerifyResult,
  SignedDataVerifyError,
  type SignerInfo,
  TimeStampResp,
  TSTInfo,
} from 'pkijs';
import { CountersignError } from '../../errors.ts';
import { sha256 } from '../merkle.ts';

export interface Stamp {
  readonly time: Date;
  /** Subject of the certificate that signed, one attribute a line. */
  readonly authority: string;
  /** Serial number of the token, hex. */
  readonly serial: string;
}

export interface StampExpectation {
  /** The nonce that was sent; unchecked where absent, as for a stamp of long ago. */
  readonly nonce?: Uint8Array;
  /** PEM certificates that the authority's must lead to; where absent that is not asked. */
  readonly ca?: string;
}

const OID = {
  signedData: '1.2.840.113549.1.7.2',
  tstInfo: '1.2.840.113549.1.9.16.1.4',
  contentType: '1.2.840.113549.1.9.3',
  /** RFC 2634 §5.4: the certificate by its SHA-1. */
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  /** RFC 5035 §3: the certificate by a hash that is named, SHA-256 where it is not. */
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  extendedKeyUsage: '2.5.29.37',
  timeStamping: '1.3.6.1.5.5.7.3.8',
} as const;

/** Digests that may carry a signature: SHA-1 may not, two texts of one hash can be made for it. */
const DIGESTS: Readonly<Record<string, 'sha256' | 'sha384' | 'sha512'>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/**
 * Checks that `response` grants a stamp over exactly these bytes and that it is signed by the certificate it brings, which
 * is one for time stamping. Whether that certificate is to be trusted is asked only with `ca`.
 * @throws CountersignError `stamp-refused` where the authority says no, `stamp-invalid` for everything else
 */
export async function openStamp(response: Buffer, note: string, expected: StampExpectation = {}): Promise<Stamp> {
  try {
    return await check(response, Buffer.from(note), expected);
  } catch (error) {
    if (error instanceof CountersignError) throw error;
    throw invalid('it does not read as one', error);
  }
}

async function check(response: Buffer, note: Buffer, { nonce, ca }: StampExpectation): Promise<Stamp> {
  if (!isOneValue(response)) throw invalid('it does not read as one');
  const { status, timeStampToken } = TimeStampResp.fromBER(bytesOf(response));
  if (status.status !== PKIStatus.granted && status.status !== PKIStatus.grantedWithMods) {
    throw new CountersignError(
      'stamp-refused',
      `The time stamping authority refuses (status ${String(status.status)}).`,
      {
        next: 'Check the address in organisation.yaml, and with the authority whether it serves this network.',
      },
    );
  }
  if (timeStampToken?.contentType !== OID.signedData) throw invalid('it holds no token');
  const signed = new SignedData({ schema: timeStampToken.content });
  const [signer, ...more] = signed.signerInfos;
  if (signer === undefined || more.length > 0) throw invalid('it is not signed exactly once');
  if (signed.encapContentInfo.eContentType !== OID.tstInfo) throw invalid('it holds something else than a time');
  const info = TSTInfo.fromBER(bytesOf(new Uint8Array(signed.encapContentInfo.eContent?.getValue() ?? [])));

  const { hashAlgorithm, hashedMessage } = info.messageImprint;
  if (
    info.version !== 1 ||
    DIGESTS[hashAlgorithm.algorithmId] !== 'sha256' ||
    !sha256(note).equals(hashedMessage.valueBlock.valueHexView)
  )
    throw invalid('it is over something else');
  if (
    nonce !== undefined &&
    !(info.nonce !== undefined && Buffer.from(nonce).equals(info.nonce.valueBlock.valueHexView))
  )
    throw invalid('it answers another request');

  const certificate = await signedBy(signed, signer, note, ca === undefined ? [] : certificatesOf(ca));
  mayStamp(certificate, info.genTime);
  return {
    time: info.genTime,
    authority: new X509Certificate(encoded(certificate)).subject,
    serial: Buffer.from(info.serialNumber.valueBlock.valueHexView).toString('hex'),
  };
}

/** The certificate whose key signed the token, and that the signature itself names. */
async function signedBy(
  signed: SignedData,
  signer: SignerInfo,
  note: Buffer,
  trusted: readonly Certificate[],
): Promise<Certificate> {
  if (DIGESTS[signer.digestAlgorithm.algorithmId] === undefined) throw invalid('its signature is over a weak digest');
  const result = await verified(signed, note, trusted);
  const certificate = result.signerCertificate;
  if (result.signatureVerified !== true || certificate === null || certificate === undefined)
    throw invalid('its signature does not verify');

  const attribute = (type: string): readonly Asn1Value[] =>
    // The values are asn1js objects of any kind; only what is looked at is described.
    (signer.signedAttrs?.attributes.find((entry) => entry.type === type)?.values ?? []) as readonly Asn1Value[];
  if (attribute(OID.contentType)[0]?.valueBlock.toString?.() !== OID.tstInfo)
    throw invalid('its signature is over another kind of content');
  const named = namedCertificate(attribute(OID.signingCertificateV2)[0], attribute(OID.signingCertificate)[0]);
  if (named === null || !hash(named.digest, encoded(certificate), 'buffer').equals(named.hash))
    throw invalid('its signature does not name the certificate it brings');
  return certificate;
}

async function verified(
  signed: SignedData,
  note: Buffer,
  trusted: readonly Certificate[],
): Promise<SignedDataVerifyResult> {
  try {
    const { buffer } = bytesOf(note);
    const parameters = { signer: 0, data: buffer, extendedMode: true as const };
    return await signed.verify(
      trusted.length === 0 ? parameters : { ...parameters, checkChain: true, trustedCerts: [...trusted] },
    );
  } catch (error) {
    const untrusted = error instanceof SignedDataVerifyError && error.signerCertificateVerified === false;
    throw invalid(
      untrusted ? 'its certificate does not lead to a trusted one' : 'its signature does not verify',
      error,
    );
  }
}

/** What a value of ASN.1 shows here. */
interface Asn1Value {
  readonly idBlock: { readonly tagClass: number; readonly tagNumber: number };
  readonly valueBlock: {
    readonly value?: readonly Asn1Value[];
    readonly valueHexView?: Uint8Array;
    toString?(): string;
  };
}

const OCTET_STRING = 4;

/** The first certificate that a SigningCertificate attribute names: only that one signs (RFC 5035 §4). */
function namedCertificate(
  second: Asn1Value | undefined,
  first: Asn1Value | undefined,
): { readonly digest: string; readonly hash: Uint8Array } | null {
  const fields = (second ?? first)?.valueBlock.value?.[0]?.valueBlock.value?.[0]?.valueBlock.value ?? [];
  const named = fields.find(({ idBlock }) => idBlock.tagClass === 1 && idBlock.tagNumber === OCTET_STRING);
  const bytes = named?.valueBlock.valueHexView;
  if (bytes === undefined) return null;
  if (second === undefined) return { digest: 'sha1', hash: bytes };
  const algorithm = fields[0] === named ? undefined : fields[0]?.valueBlock.value?.[0]?.valueBlock.toString?.();
  const digest = algorithm === undefined ? 'sha256' : DIGESTS[algorithm];
  return digest === undefined ? null : { digest, hash: bytes };
}

/** RFC 3161 §2.3: the key is for time stamping alone, and says so critically; and it was valid then. */
function mayStamp(certificate: Certificate, time: Date): void {
  const usage = certificate.extensions?.find(({ extnID }) => extnID === OID.extendedKeyUsage);
  const purposes = (usage?.parsedValue as ExtKeyUsage | undefined)?.keyPurposes ?? [];
  if (usage?.critical !== true || purposes.length !== 1 || purposes[0] !== OID.timeStamping)
    throw invalid('its certificate is not one for time stamping');
  if (!(certificate.notBefore.value <= time && time <= certificate.notAfter.value))
    throw invalid('its certificate was not valid then');
}

function certificatesOf(pem: string): readonly Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw invalid('no certificate was given to trust');
  return blocks.map((block) => Certificate.fromBER(bytesOf(new X509Certificate(block).raw)));
}

const encoded = (certificate: Certificate): Buffer => Buffer.from(certificate.toSchema().toBER());

/** The same bytes in a buffer of their own: pkijs reads whole buffers. */
const bytesOf = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from(bytes);

/** One DER SEQUENCE and nothing behind it: pkijs would ignore the rest. */
function isOneValue(bytes: Buffer): boolean {
  const [tag, first = 0] = bytes;
  if (tag !== 0x30) return false;
  if (first < 0x80) return bytes.length === 2 + first;
  const width = first & 0x7f;
  return (
    width >= 1 && width <= 4 && bytes.length > 2 + width && bytes.length === 2 + width + bytes.readUIntBE(2, width)
  );
}

function invalid(why: string, cause?: unknown): CountersignError {
  return new CountersignError('stamp-invalid', `What the time stamping authority answered is no good stamp: ${why}.`, {
    next: 'It is not kept. Check the address in organisation.yaml.',
    cause,
  });
}
