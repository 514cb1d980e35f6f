import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fetchOldServers } from './old-servers.ts';

/** What tests need that npm does not bring: an executable, the Debian package that has it, and what is lost without. */
const needs = [
  {
    anyOf: ['/usr/bin/chromium', '/usr/bin/google-chrome', '/usr/bin/chromium-browser'],
    package: 'chromium',
    without: 'every test in a real browser',
  },
] as const;

/** Brings what tests need. Returns one line for each need that is still missing: what it is and what is left out. */
export function provision(): readonly string[] {
  return [...installPackages(), ...fetchOldServers()];
}

/** With apt on Debian or Ubuntu, as root or through passwordless sudo. */
function installPackages(): readonly string[] {
  const missing = needs.filter((need) => !need.anyOf.some((file) => existsSync(file)));
  if (missing.length === 0) return [];
  const prefix = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  if (existsSync('/usr/bin/apt-get')) {
    const apt = (...args: string[]): boolean => {
      const [command = 'apt-get', ...rest] = [...prefix, 'apt-get', '-q', '-y', ...args];
      return (
        spawnSync(command, rest, { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
          .status === 0
      );
    };
    const packages = missing.map((need) => need.package);
    console.log(`Installing for the tests: ${packages.join(', ')}`);
    if (!apt('install', '--no-install-recommends', ...packages)) {
      apt('update');
      apt('install', '--no-install-recommends', ...packages);
    }
  }
  return missing
    .filter((need) => !need.anyOf.some((file) => existsSync(file)))
    .map((need) => `not installed: ${need.package}; without it ${need.without} is left out`);
}
