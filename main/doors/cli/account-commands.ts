import { InvalidArgumentError } from 'commander';
import { MAX_DIRECTORY_DAYS } from '../../identity/directory.ts';
import { type CommandLine, type Home } from './command-line.ts';
import { type ShowOptions, type SignOptions } from './directory.ts';

function days(text: string): number {
  const number = Number(text);
  if (/^\d{1,3}(\.\d{1,4})?$/.test(text) && number > 0 && number <= MAX_DIRECTORY_DAYS) return number;
  throw new InvalidArgumentError(`It is a number of days up to ${String(MAX_DIRECTORY_DAYS)}.`);
}

/** Commands about the directory of people and their groups. */
export function accountCommands({ program, io, command, does, home }: CommandLine): void {
  const directory = program
    .command('directory')
    .description('people and their groups, signed, where the identity provider cannot tell them (docs/identity.md)');
  command(directory, 'key', 'make the key that signs it: the private one into a new file, the public one is printed')
    .argument('<file>', 'new file for the private key')
    .action(does(async (path: string) => (await import('./directory.ts')).directoryKey(io, path)));
  command(directory, 'sign', 'sign a list of people and their groups')
    .argument('<people>', 'YAML or JSON file: people: [{ person, groups }]')
    .option('--key-file <file>', 'the private key, in a file that only its owner can read')
    .option('--key <reference>', 'the private key: keyring:NAME of the profile, or env:NAME')
    .option('--days <n>', 'how long it counts', days, 7)
    .option('--out <file>', 'where to write it; standard output where absent')
    .action(
      does(async (path: string, options: Home & SignOptions) =>
        (await import('./directory.ts')).directorySign(io, () => home(options), path, options),
      ),
    );
  command(directory, 'show', 'check the directory of this profile and say what is in it')
    .option('--person <person>', 'an e-mail address, or issuer and subject with a space between')
    .option('--json')
    .action(
      does(async (options: Home & ShowOptions) =>
        (await import('./directory.ts')).directoryShow(io, home(options), options),
      ),
    );
}
