import { InvalidArgumentError } from 'commander';
import { type CommandLine, type Home, type Listing } from './command-line.ts';
import { type TakeOptions } from './grant.ts';
import { type RevokeOptions } from './revoke.ts';

/** Commands about grants, and about what counts no more. */
export function grantCommands({ program, io, command, does, home }: CommandLine): void {
  const grant = program.command('grant').description('rights taken for a while (docs/grants.md)');
  const about = (name: string, description: string) =>
    command(grant, name, description).option('--as <email>', 'which of the people signed in').option('--json');

  about('list', 'what is in force')
    .option('--all', "everybody's (administrators)")
    .action(
      does(async (options: Listing & { readonly all?: boolean }) =>
        (await import('./grant.ts')).grantList(io, home(options), options),
      ),
    );
  about('offers', 'what you could take, for which connections').action(
    does(async (options: Listing) => (await import('./grant.ts')).grantOffers(io, home(options), options)),
  );
  about('take', 'take one for one connection')
    .argument('<name>', 'name of the grant in policy.yaml')
    .argument('<connection>', 'name of a connection')
    .option('--reason <text>', 'why: policy may ask for it, and the record keeps it')
    .option('--minutes <n>', 'for how long; the longest where absent', minutes)
    .action(
      does(async (name: string, connection: string, options: Home & TakeOptions) =>
        (await import('./grant.ts')).grantTake(io, home(options), name, connection, options),
      ),
    );
  about('end', 'end one before its time')
    .argument('<id>', 'its id, or the first 8 characters or more')
    .option('--why <text>', 'why: it is recorded')
    .action(
      does(async (id: string, options: Listing & { readonly why?: string }) =>
        (await import('./grant.ts')).grantEnd(io, home(options), id, options),
      ),
    );

  command(program, 'revoke', 'say that somebody or something counts no more, also for what runs (revocations.yaml)')
    .argument('[kind]', 'person, device, agent, service, token or grant')
    .argument('[id]', 'e-mail address, thumbprint, name or id')
    .option('--reason <text>', 'why: it is recorded')
    .option('--list', 'what counts no more')
    .option('--as <email>', 'which of the people signed in')
    .option('--json')
    .action(
      does(async (kind: string | undefined, id: string | undefined, options: Home & RevokeOptions) =>
        (await import('./revoke.ts')).revoke(io, home(options), kind, id, options),
      ),
    );
}

function minutes(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number of minutes.');
}
