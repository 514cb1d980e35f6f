import { describe, expect, it } from 'vitest';
import { contentSecurityPolicy } from './csp.ts';

const directive = (name: string): string =>
  contentSecurityPolicy()
    .split('; ')
    .find((part) => part.startsWith(`${name} `)) ?? '';

describe('the content security policy', () => {
  it('lets scripts come from our own origin only: nothing inline, nothing evaluated, no data or blob', () => {
    expect(directive('script-src')).toBe("script-src 'self'");
    expect(directive('worker-src')).toBe("worker-src 'self'");
  });

  it('allows nothing that is not named', () => {
    expect(directive('default-src')).toBe("default-src 'none'");
  });

  it('asks for Trusted Types and never for a policy that would let everything through', () => {
    expect(directive('require-trusted-types-for')).toBe("require-trusted-types-for 'script'");
    expect(directive('trusted-types').split(' ')).not.toEqual(expect.arrayContaining(['*']));
    expect(directive('trusted-types').split(' ')).not.toEqual(expect.arrayContaining(['default']));
    expect(directive('trusted-types')).not.toContain('allow-duplicates');
  });
});
