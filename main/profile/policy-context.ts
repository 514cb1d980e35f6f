import { CountersignError } from '../errors.ts';
import { readClassification } from '../policy/classification.ts';
import { type PolicyContext } from '../policy/compiled-policy.ts';
import { printProblems, type Problem } from '../policy/yaml-file.ts';
import { readConfiguration } from './configuration-file.ts';
import { readConnections } from './connections-file.ts';
import { PROFILE_FILES } from './directory.ts';
import { type Connection } from './types.ts';

/** What a policy of this profile may refer to, whether or not the profile's own policy can be read. */
export interface PolicyPlace {
  readonly context: PolicyContext;
  readonly connections: readonly Connection[];
}

/** @throws CountersignError `profile-file-missing`, `profile-file-refused`, `profile-invalid` */
export async function readPolicyPlace(home: string): Promise<PolicyPlace> {
  const connections = readConnections(await readConfiguration(home, PROFILE_FILES.connections));
  if (!connections.ok) throw invalid('connections', connections.problems);
  const names = connections.connections.map(({ name }) => name);
  const classification = readClassification(await readConfiguration(home, PROFILE_FILES.classification), names);
  if (!classification.ok) throw invalid('classification', classification.problems);
  const classes = [...classification.classification.classes.values()];
  return {
    context: {
      classes: classes.map((entry) => ({ name: entry.class, group: entry.group })),
      connections: connections.connections,
    },
    connections: connections.connections,
  };
}

function invalid(file: keyof typeof PROFILE_FILES, problems: readonly Problem[]): CountersignError {
  const name = PROFILE_FILES[file];
  return new CountersignError('profile-invalid', `${name} is not right:\n${printProblems(name, problems)}`, {
    next: `Correct ${name} first: a policy is checked against what it names there.`,
  });
}
