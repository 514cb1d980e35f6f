/** What the parts of deciding again share. */
import { type ClassificationModel, type ColumnClass } from './classification.ts';
import { type ClassifiedColumn, type DecisionInput } from './decision-input.ts';
import { type Json } from './json.ts';
import { type Relation } from './policy-match.ts';
import { type PolicyModel } from './policy-model.ts';

/** Relations and columns beyond these are not in the clear part of an event. */
export const LISTED = 200;

/** What is not as the policy says: a stable code and a sentence. */
export interface Difference {
  readonly code: string;
  readonly sentence: string;
}

/** The leaf whole, and the classification where it could be had. */
export interface Decided {
  readonly leaf: Json;
  readonly input: DecisionInput;
  readonly policy: PolicyModel;
  readonly classification: ClassificationModel | undefined;
}

/** The class that a column has by the classification, as far as that says what the record says. */
export function classOf(
  classification: ClassificationModel,
  { asked: { connection } }: DecisionInput,
  { schema, relation, column, class: name, by }: ClassifiedColumn,
): ColumnClass | undefined {
  const written = classification.written(connection.name, schema, relation, column);
  if (by === 'file') return written;
  const counts = by === 'comment' ? classification.usesComments : classification.masksDetected;
  return written === undefined && counts ? classification.named(name) : undefined;
}

export const nameOf = ({ schema, relation, column }: ClassifiedColumn): string => `${schema}.${relation}.${column}`;

export const inWords = (relation: Relation): string =>
  typeof relation === 'string'
    ? `${relation === 'none' ? 'no' : 'an unnamed'} relation`
    : `${relation.schema}.${relation.name}`;
