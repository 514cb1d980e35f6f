import { describe, expect, it } from 'vitest';
import { chooseOpening, chromiumArguments, type Opening, type OpenWith, type Surroundings } from './opening.ts';

const desk: Surroundings = {
  platform: 'linux',
  environment: { DISPLAY: ':0' },
  isRoot: false,
  chromium: '/usr/bin/chromium',
};

describe('how the window opens', () => {
  it.each<[string, OpenWith, Partial<Surroundings>, boolean, Opening['kind']]>([
    ['as an app window where there is Chromium', 'app', {}, false, 'app'],
    ['in the default browser where there is none', 'app', { chromium: undefined }, false, 'browser'],
    ['in the default browser where that is wished', 'browser', {}, false, 'browser'],
    ['on Wayland too', 'app', { environment: { WAYLAND_DISPLAY: 'wayland-0' } }, false, 'app'],
    ['as an address without a display', 'app', { environment: {} }, false, 'print'],
    ['as an address with an empty display', 'app', { environment: { DISPLAY: '' } }, false, 'print'],
    ['as an address for root', 'app', { isRoot: true }, false, 'print'],
    ['as an app window for root where that is allowed', 'app', { isRoot: true }, true, 'app'],
    [
      'as an address without a display for root, allowed or not',
      'app',
      { isRoot: true, environment: {} },
      true,
      'print',
    ],
    ['as an app window on macOS, which has no DISPLAY', 'app', { platform: 'darwin', environment: {} }, false, 'app'],
    ['as an address where that is wished', 'print', {}, false, 'print'],
    ['not at all where that is wished', 'none', {}, false, 'none'],
  ])('%s', (_name, wish, around, allowed, kind) => {
    expect(chooseOpening(wish, { ...desk, ...around }, allowed).kind).toBe(kind);
  });

  it('keeps the sandbox of Chromium for everybody but root', () => {
    const sandboxed = chooseOpening('app', desk, true);
    expect(sandboxed).toMatchObject({ sandbox: true });
    expect(chromiumArguments('file:///x', '/profile', true)).not.toContain('--no-sandbox');
  });

  it('says why there is no window', () => {
    expect(chooseOpening('app', { ...desk, isRoot: true }, false)).toMatchObject({
      why: expect.stringContaining('root') as string,
    });
  });
});
