import { CountersignError } from '../errors.ts';
import {
  type ClassifiedColumns,
  type CommentedColumns,
  classificationDocument,
  classifiedColumns,
  type Classification,
  type DetectedColumns,
} from '../policy/classification.ts';
import { type CompiledPolicy } from '../policy/compiled-policy.ts';
import { type Connection } from '../profile/types.ts';
import { documentHash } from './record-decision.ts';

/** The profile as the gate uses it: one consistent set of files, swapped as a whole when one of them changes. */
export interface InForce {
  /** When it came into force. */
  readonly since: Date;
  readonly connections: readonly Connection[];
  readonly policy: CompiledPolicy;
  readonly classification: Classification;
  /** The classification as JSON, and its SHA-256 in hex: what the record names it by. */
  readonly classificationDocument: string;
  readonly classificationHash: string;
  /** @throws CountersignError connection-unknown */
  connection(name: string): Connection;
  columnsOf(
    connection: Connection,
    detected: DetectedColumns | undefined,
    commented?: CommentedColumns,
  ): ClassifiedColumns;
}

export function inForce(profile: Pick<InForce, 'connections' | 'policy' | 'classification'>): InForce {
  const { connections, policy, classification } = profile;
  const document = classificationDocument(classification);
  return {
    since: new Date(),
    connections,
    policy,
    classification,
    classificationDocument: document,
    classificationHash: documentHash(document),
    connection(name) {
      const found = connections.find((connection) => connection.name === name);
      if (found !== undefined) return found;
      const names = connections.map((connection) => connection.name).join(', ');
      throw new CountersignError('connection-unknown', `There is no connection named ${name}.`, {
        next: names === '' ? 'Add one in connections.yaml.' : `Connections of this profile: ${names}.`,
      });
    },
    columnsOf: (connection, detected, commented) =>
      classifiedColumns(classification, connection.name, detected, commented),
  };
}
