import { describe, expect, it } from 'vitest';
import { judgeRequest, judgeUpgrade, type RequestHead } from './request-guard.ts';

const site = { host: 'cs-0123.localhost:4000', origin: 'http://cs-0123.localhost:4000' };
type Headers = Readonly<Record<string, string | string[] | undefined>>;

function head(method: string, url: string, headers: Headers): RequestHead {
  const given = Object.entries(headers).filter(([, value]) => value !== undefined);
  return {
    method,
    url,
    headersDistinct: Object.fromEntries(given.map(([name, value]) => [name, [value].flat() as string[]])),
  };
}

const open: Headers = {
  host: site.host,
  'sec-fetch-site': 'none',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
};
const own: Headers = { host: site.host, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' };
const post: Headers = { ...own, origin: site.origin, 'content-type': 'application/json' };
const upgrade: Headers = { host: site.host, origin: site.origin, 'sec-websocket-protocol': 'countersign.v1, key.abc' };

describe('a request to the loopback server', () => {
  it.each<[string, string, string, Headers]>([
    ['the page, typed into the address bar', 'GET', '/', open],
    ['the page, from the redirect file', 'GET', '/', { ...open, 'sec-fetch-site': 'cross-site' }],
    ['the page, reloaded', 'GET', '/', { ...open, 'sec-fetch-site': 'same-origin' }],
    ['an asset of the page', 'GET', '/assets/index-4f2.js', own],
    ['a font with its version', 'GET', '/assets/codicon-DjkITdqj.ttf?721d4c0a96379d0c', own],
    ['a ticket from the page', 'POST', '/ticket', post],
  ])('is admitted for %s', (_name, method, url, headers) => {
    expect(judgeRequest(head(method, url, headers), site)).toHaveProperty('kind');
  });

  it.each<[string, number, string, string, Headers]>([
    ['without a Host', 421, 'GET', '/', { ...open, host: undefined }],
    ['with two Hosts', 421, 'GET', '/', { ...open, host: [site.host, 'evil.test'] }],
    ['for a name rebound to loopback', 421, 'GET', '/', { ...open, host: 'evil.test:4000' }],
    ['for the address itself', 421, 'GET', '/', { ...open, host: '127.0.0.1:4000' }],
    ['for the name with another port', 421, 'GET', '/', { ...open, host: 'cs-0123.localhost:4001' }],
    ['for the name without a port', 421, 'GET', '/', { ...open, host: 'cs-0123.localhost' }],
    ['for the name with a trailing dot', 421, 'GET', '/', { ...open, host: 'cs-0123.localhost.:4000' }],
    [
      'for the page in a frame',
      403,
      'GET',
      '/',
      { ...open, 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'iframe' },
    ],
    [
      'for the page by a foreign fetch',
      403,
      'GET',
      '/',
      { ...open, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' },
    ],
    ['for the page by a neighbour under localhost', 403, 'GET', '/', { ...open, 'sec-fetch-site': 'same-site' }],
    ['for the page without fetch metadata', 403, 'GET', '/', { host: site.host }],
    ['with fetch metadata given twice', 403, 'GET', '/', { ...open, 'sec-fetch-site': ['none', 'same-origin'] }],
    [
      'for an asset by a foreign script element',
      403,
      'GET',
      '/assets/a.js',
      { ...own, 'sec-fetch-site': 'cross-site' },
    ],
    ['for an asset by navigation', 403, 'GET', '/assets/a.js', open],
    ['with a ticket from a foreign form', 403, 'POST', '/ticket', { ...post, 'sec-fetch-site': 'cross-site' }],
    [
      'with a ticket by a foreign navigation',
      403,
      'POST',
      '/ticket',
      { ...post, ...open, 'sec-fetch-site': 'cross-site' },
    ],
    ['with a ticket without an Origin', 403, 'POST', '/ticket', { ...post, origin: undefined }],
    ['with a ticket from the origin null', 403, 'POST', '/ticket', { ...post, origin: 'null' }],
    [
      'with a ticket from another scheme',
      403,
      'POST',
      '/ticket',
      { ...post, origin: 'https://cs-0123.localhost:4000' },
    ],
    ['with a ticket as a form', 415, 'POST', '/ticket', { ...post, 'content-type': 'text/plain' }],
    ['with a ticket in the address', 405, 'GET', '/ticket', own],
    ['with a query', 404, 'GET', '/?ticket=x', open],
    ['with a query that is no version', 404, 'GET', '/assets/a.js?path=../../x', own],
    ['with a version of the page', 404, 'GET', '/?0123', open],
    ['with an encoded path', 404, 'GET', '/%2e%2e/etc/passwd', own],
    ['with a backslash in the path', 404, 'GET', '/..\\secret', own],
    ['in absolute form', 404, 'GET', 'http://cs-0123.localhost:4000/', open],
    ['as a proxy tunnel', 404, 'CONNECT', 'evil.test:443', own],
    ['that would change a file', 405, 'PUT', '/index.html', own],
    ['that asks for permission first', 405, 'OPTIONS', '/', own],
  ])('is refused %s', (_name, status, method, url, headers) => {
    expect(judgeRequest(head(method, url, headers), site)).toMatchObject({ status });
  });
});

describe('an upgrade to a WebSocket', () => {
  it('is judged by its key when it comes from the page', () => {
    expect(judgeUpgrade(head('GET', '/link', upgrade), site)).toEqual({ key: 'abc' });
    expect(judgeUpgrade(head('GET', '/link', { ...upgrade, 'sec-fetch-site': 'same-origin' }), site)).toEqual({
      key: 'abc',
    });
  });

  it.each<[string, number, string, Headers]>([
    ['for a name rebound to loopback', 421, '/link', { ...upgrade, host: 'evil.test:4000' }],
    ['without an Origin', 403, '/link', { ...upgrade, origin: undefined }],
    ['from a foreign Origin', 403, '/link', { ...upgrade, origin: 'http://evil.test' }],
    ['from another port of the same name', 403, '/link', { ...upgrade, origin: 'http://cs-0123.localhost:4001' }],
    ['from two Origins', 403, '/link', { ...upgrade, origin: [site.origin, 'http://evil.test'] }],
    ['from a sandboxed frame', 403, '/link', { ...upgrade, origin: 'null' }],
    ['from another site', 403, '/link', { ...upgrade, 'sec-fetch-site': 'cross-site' }],
    ['to another path', 404, '/', upgrade],
    ['without a protocol', 401, '/link', { ...upgrade, 'sec-websocket-protocol': undefined }],
    ['without a key', 401, '/link', { ...upgrade, 'sec-websocket-protocol': 'countersign.v1' }],
    ['with two keys', 401, '/link', { ...upgrade, 'sec-websocket-protocol': 'countersign.v1, key.a, key.b' }],
    ['with a key in place of the protocol', 401, '/link', { ...upgrade, 'sec-websocket-protocol': 'key.abc' }],
  ])('is refused %s', (_name, status, url, headers) => {
    expect(judgeUpgrade(head('GET', url, headers), site)).toMatchObject({ status });
  });
});
