import { describe, expect, it } from 'vitest';
import { CountersignError } from '../errors.ts';
import { parseConnectionUrl } from './connection-url.ts';

describe('parseConnectionUrl', () => {
  it.each([
    [
      'postgres://ana:pw@db.example.com:6432/shop?sslmode=verify-full',
      { host: 'db.example.com', port: 6432, database: 'shop', user: 'ana', password: 'pw', tls: 'verify-full' },
    ],
    [
      'postgresql://ana@localhost/shop',
      { host: 'localhost', port: 5432, database: 'shop', user: 'ana', password: undefined, tls: 'prefer' },
    ],
    [
      'postgres://ana:p%40s%2Fs%23%25@h/shop',
      { host: 'h', port: 5432, database: 'shop', user: 'ana', password: 'p@s/s#%', tls: 'prefer' },
    ],
    [
      'postgres://ana:a:b@h/shop',
      { host: 'h', port: 5432, database: 'shop', user: 'ana', password: 'a:b', tls: 'prefer' },
    ],
    [
      'postgres://j%C3%B6rg@h/sh%C3%B6p',
      { host: 'h', port: 5432, database: 'shöp', user: 'jörg', password: undefined, tls: 'prefer' },
    ],
    [
      'postgres://u@[2001:db8::1]:5433/d',
      { host: '2001:db8::1', port: 5433, database: 'd', user: 'u', password: undefined, tls: 'prefer' },
    ],
    [
      'postgres://u@10.0.0.7/d%20e?sslmode=verify-ca',
      { host: '10.0.0.7', port: 5432, database: 'd e', user: 'u', password: undefined, tls: 'verify-full' },
    ],
    [
      '  postgres://u@H.Example.COM/d?sslmode=disable\n',
      { host: 'h.example.com', port: 5432, database: 'd', user: 'u', password: undefined, tls: 'disable' },
    ],
  ])('reads %s', (url, expected) => {
    expect(parseConnectionUrl(url)).toEqual(expected);
  });

  it.each([
    ['nothing', ''],
    ['words', 'my database'],
    ['another scheme', 'mysql://u:secret@h/d'],
    ['no slashes', 'postgres:u:secret@h/d'],
    ['no host', 'postgres://u:secret@/d'],
    ['a socket directory', 'postgres://u:secret@%2Fvar%2Frun/d'],
    ['a host parameter', 'postgres://u:secret@h/d?host=/var/run'],
    ['several hosts', 'postgres://u:secret@h1,h2/d'],
    ['no user', 'postgres://h/d'],
    ['no database', 'postgres://u:secret@h'],
    ['a path of databases', 'postgres://u:secret@h/a/b'],
    ['port 0', 'postgres://u:secret@h:0/d'],
    ['a port beyond 65535', 'postgres://u:secret@h:65536/d'],
    ['a port that is a word', 'postgres://u:secret@h:abc/d'],
    ['an unknown sslmode', 'postgres://u:secret@h/d?sslmode=yes'],
    ['sslmode twice', 'postgres://u:secret@h/d?sslmode=verify-full&sslmode=disable'],
    ['sslmode by a name of Object.prototype', 'postgres://u:secret@h/d?sslmode=constructor'],
    ['a parameter that would be ignored', 'postgres://u:secret@h/d?sslrootcert=/etc/ca.pem'],
    ['options, which could set settings', 'postgres://u:secret@h/d?options=-c%20row_security%3Doff'],
    ['a # in the password', 'postgres://u:sec#ret@h/d'],
    ['a broken percent code', 'postgres://u:secret%zz@h/d'],
    ['bytes that are no UTF-8', 'postgres://u:secret%ff@h/d'],
    ['a NUL in the database', 'postgres://u:secret@h/d%00e'],
    ['a line break in the user', 'postgres://u%0a:secret@h/d'],
    ['a host with spaces', 'postgres://u:secret@h%20i/d'],
  ])('refuses %s, and shows nothing of the address', (_sentence, url) => {
    const error = failure(() => parseConnectionUrl(url));
    expect(error).toBeInstanceOf(CountersignError);
    expect(error).toMatchObject({ code: 'connection-url', next: expect.any(String) });
    expect(JSON.stringify([error.message, (error as CountersignError).next, error.cause])).not.toContain('secret');
  });
});

function failure(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it was accepted');
}
