/** AWS Signature Version 4 for requests without a body (AWS General Reference, "Signing AWS API requests"). */
import { createHmac, hash } from 'node:crypto';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const EMPTY_BODY = hash('sha256', '', 'hex');

/** RFC 3986 §2.3: everything but unreserved characters, as the signature wants it. */
export const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

/** `a=1&b=2` in the order of the names, as it is both signed and sent. */
export const queryText = (query: Readonly<Record<string, string>>): string =>
  Object.entries(query)
    .map(([name, value]) => [encoded(name), encoded(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');

/**
 * Headers of a signed GET; of an unsigned one where there are no credentials.
 * @param path encoded; @param query as `queryText` gives it.
 */
export function signedHeaders(
  request: { readonly host: string; readonly path: string; readonly query: string },
  region: string,
  credentials: Credentials | undefined,
  now: Date,
): Readonly<Record<string, string>> {
  const { host, path, query } = request;
  if (credentials === undefined) return { host };
  const time = now.toISOString().replace(/[:-]|\.\d{3}/g, '');
  const scope = `${time.slice(0, 8)}/${region}/s3/aws4_request`;
  const headers: Readonly<Record<string, string>> = {
    host,
    'x-amz-content-sha256': EMPTY_BODY,
    'x-amz-date': time,
    ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }),
  };
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = ['GET', path, query, lines.join(''), names, EMPTY_BODY].join('\n');
  const text = ['AWS4-HMAC-SHA256', time, scope, hash('sha256', canonical, 'hex')].join('\n');
  const key = ['aws4_request', 's3', region, time.slice(0, 8)].reduceRight<string | Buffer>(
    (above, part) => createHmac('sha256', above).update(part).digest(),
    `AWS4${credentials.secretAccessKey}`,
  );
  const signature = createHmac('sha256', key).update(text).digest('hex');
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}
