import { describe, expect, it } from 'vitest';
import { profileDirectory } from './directory.ts';

describe('profileDirectory', () => {
  it.each<[string, Record<string, string>, NodeJS.Platform, string]>([
    ['COUNTERSIGN_HOME first', { COUNTERSIGN_HOME: '/data/p', HOME: '/home/ana' }, 'linux', '/data/p'],
    ['the XDG data directory', { XDG_DATA_HOME: '/xdg', HOME: '/home/ana' }, 'linux', '/xdg/countersign'],
    [
      'no relative XDG data directory',
      { XDG_DATA_HOME: 'xdg', HOME: '/home/ana' },
      'linux',
      '/home/ana/.local/share/countersign',
    ],
    ['the home directory', { HOME: '/home/ana' }, 'linux', '/home/ana/.local/share/countersign'],
    ['Application Support', { HOME: '/Users/ana' }, 'darwin', '/Users/ana/Library/Application Support/Countersign'],
    [
      'LOCALAPPDATA',
      { LOCALAPPDATA: 'C:\\Users\\ana\\AppData\\Local' },
      'win32',
      'C:\\Users\\ana\\AppData\\Local\\Countersign',
    ],
  ])('takes %s', (_sentence, environment, platform, expected) => {
    expect(profileDirectory(environment, platform)).toBe(expected);
  });

  it.each<NodeJS.Platform>(['linux', 'darwin', 'win32'])('refuses to guess on %s', (platform) => {
    expect(() => profileDirectory({}, platform)).toThrow(expect.objectContaining({ code: 'home-unknown' }));
  });
});
