import { describe, expect, it } from 'vitest';
import { chooseProfile } from './start-options.ts';

describe('the profile a shell opens', () => {
  it.each([
    [
      'the demonstration’s own by default',
      {},
      { HOME: '/home/ana' },
      '/home/ana/.local/share/countersign/demonstration',
      true,
    ],
    ['the one that --home names', { home: '/p' }, { HOME: '/home/ana', COUNTERSIGN_HOME: '/q' }, '/p', true],
    ['the one that COUNTERSIGN_HOME names', {}, { HOME: '/home/ana', COUNTERSIGN_HOME: '/q' }, '/q', true],
    [
      'the person’s own with --local',
      { local: true },
      { HOME: '/home/ana' },
      '/home/ana/.local/share/countersign',
      false,
    ],
    ['the named one as it is with --local', { home: '/p', local: true }, {}, '/p', false],
  ])('is %s', (_name, flags, environment, home, demonstration) => {
    expect(chooseProfile(flags, environment, 'linux')).toEqual({ home, demonstration });
  });
});
