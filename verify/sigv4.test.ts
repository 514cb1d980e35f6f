import { describe, expect, it } from 'vitest';
import { encoded, queryText, signedHeaders } from './sigv4.ts';

const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const now = new Date('2013-05-24T00:00:00Z');
const host = 'examplebucket.s3.amazonaws.com';

describe('a signed request', () => {
  // Examples of "Authenticating Requests: Using the Authorization Header" in the Amazon S3 API reference.
  it.each([
    ['?lifecycle', '/', { lifecycle: '' }, 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'],
    [
      '?max-keys=2&prefix=J',
      '/',
      { prefix: 'J', 'max-keys': '2' },
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ])('has the signature of the published example %s', (_text, path, query, signature) => {
    const headers = signedHeaders({ host, path, query: queryText(query) }, 'us-east-1', credentials, now);
    expect(headers['authorization']).toContain(`Signature=${signature}`);
  });

  it('carries a session token that it signs, and without credentials nothing', () => {
    const request = { host, path: '/', query: '' };
    const headers = signedHeaders(request, 'us-east-1', { ...credentials, sessionToken: 'token' }, now);
    expect(headers['x-amz-security-token']).toBe('token');
    expect(headers['authorization']).toContain('x-amz-date;x-amz-security-token');
    expect(signedHeaders(request, 'us-east-1', undefined, now)).toEqual({ host });
  });

  it('encodes what RFC 3986 does not call unreserved', () => {
    expect(encoded("a b+c/ü!'()*~-_.")).toBe('a%20b%2Bc%2F%C3%BC%21%27%28%29%2A~-_.');
  });
});
