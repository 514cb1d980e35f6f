import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fetchOldServers } from './old-servers.ts';

interface Need {
  /** Executables, each where one of its places has it. */
  readonly programs: readonly (readonly string[])[];
  /** Debian's and Ubuntu's names: the same from Debian 12 on. */
  readonly packages: readonly string[];
  /** What is lost without. */
  readonly without: string;
}

/** What tests need that npm does not bring. */
const needs: readonly Need[] = [
  {
    programs: [['/usr/bin/chromium', '/usr/bin/google-chrome', '/usr/bin/chromium-browser']],
    packages: ['chromium'],
    without: 'every test in a real browser',
  },
  {
    programs: [['/usr/bin/ceph-mon'], ['/usr/bin/ceph-osd'], ['/usr/bin/radosgw'], ['/usr/bin/ceph']],
    packages: ['ceph-mon', 'ceph-osd', 'radosgw', 'ceph-common'],
    without: 'every test on a real S3 server',
  },
  {
    programs: [['/usr/bin/go'], ['/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog/tlog.go']],
    packages: ['golang-go', 'golang-golang-x-mod-dev'],
    without: 'the check of a log by programs that are not ours',
  },
  {
    programs: [['/usr/bin/glewlwyd'], ['/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3']],
    packages: ['glewlwyd'],
    without: 'signing in at glewlwyd, an identity provider that is not ours',
  },
  {
    programs: [['/usr/bin/plackup'], ['/usr/share/lemonldap-ng/portal/htdocs/index.psgi']],
    // Its portal loads the others when it starts, though Debian only recommends them.
    packages: [
      ...['liblemonldap-ng-portal-perl', 'libplack-perl'],
      ...['libdbi-perl', 'libio-string-perl', 'libmime-tools-perl', 'libgd-securityimage-perl'],
      ...['libimage-magick-perl', 'libstring-random-perl', 'libemail-sender-perl', 'libauthen-webauthn-perl'],
      ...['libcrypt-openssl-x509-perl', 'libconvert-base32-perl'],
    ],
    without: 'signing in at LemonLDAP::NG, an identity provider that is not ours',
  },
];

const isMet = (need: Need): boolean => need.programs.every((places) => places.some((file) => existsSync(file)));

/** Brings what tests need. Returns one line for each need that is still missing: what it is and what is left out. */
export function provision(): readonly string[] {
  return [...installPackages(), ...fetchOldServers()];
}

/** With apt on Debian or Ubuntu, as root or through passwordless sudo. */
function installPackages(): readonly string[] {
  const missing = needs.filter((need) => !isMet(need));
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
    let updated = false;
    // One at a time: a package that this release does not have keeps no other from being installed.
    for (const { packages } of missing) {
      console.log(`Installing for the tests: ${packages.join(', ')}`);
      if (apt('install', '--no-install-recommends', ...packages) || updated) continue;
      updated = true;
      apt('update');
      apt('install', '--no-install-recommends', ...packages);
    }
  }
  return missing
    .filter((need) => !isMet(need))
    .map((need) => `not installed: ${need.packages.join(', ')}; without it ${need.without} is left out`);
}
