import { ClassificationModel } from './classification.ts';
import { decideAgain } from './decision-again.ts';
import { decideLeavingAgain } from './decision-leaving.ts';
import { readDecisionInput } from './decision-input.ts';
import { type CheckedEvent, type EventCheck, type NewEventCheck, type Opened } from './event-check.ts';
import { at, isObject, type Json } from './json.ts';
import { sha256 } from './merkle.ts';
import { PolicyModel, Unsupported } from './policy-model.ts';
import { type Reporter } from './report.ts';
import { wholeLeaf } from './whole-leaf.ts';

/** What a policy or classification of the record turned out to be. */
type Known<T> = { readonly model: T } | { readonly why: string };

/** Policies and classifications by hash: one record has them in whichever of its logs they came into force. */
interface Documents {
  readonly policies: Map<string, Known<PolicyModel>>;
  readonly classifications: Map<string, Known<ClassificationModel>>;
}

const WHY: Readonly<Record<Exclude<Opened, Buffer>, string>> = {
  'no-key': 'no blob key was given',
  erased: 'what they were made from was erased',
  unreadable: 'what they were made from cannot be read',
};

/**
 * Makes every decision of the record again: with the policy of its hash, out of what it was asked and told, by an evaluator
 * that shares nothing with the one that decided.
 */
export function newDecisionCheck(): NewEventCheck {
  const documents: Documents = { policies: new Map(), classifications: new Map() };
  return (report, logId) => new DecisionCheck(report, logId, documents);
}

class DecisionCheck implements EventCheck {
  readonly #report: Reporter;
  readonly #logId: string;
  readonly #documents: Documents;
  /** Hashes that were in force: the newest, and the one before it, by which a statement may still have been judged. */
  #inForce: { readonly policy: readonly string[]; readonly classes: readonly string[] } = { policy: [], classes: [] };
  #again = 0;
  readonly #not = new Map<string, number>();
  /** Bounds of the intents that have no end yet. */
  readonly #open = new Map<number, { readonly rows: number; readonly bytes: number }>();
  #ended = 0;

  constructor(report: Reporter, logId: string, documents: Documents) {
    this.#report = report;
    this.#logId = logId;
    this.#documents = documents;
  }

  event(event: CheckedEvent): void {
    switch (event.kind) {
      case 'policy.load':
        return this.#load(event);
      case 'stmt.intent':
      case 'stmt.denied':
      case 'export.intent':
      case 'export.denied':
        return this.#decision(event);
      case 'stmt.outcome':
      case 'stmt.closed':
        return this.#end(event);
    }
  }

  end(): void {
    this.#report.checked(
      'decisions made again',
      this.#again,
      "the policy in the record, by the verifier's own evaluator",
    );
    this.#report.checked('results within what their statement was allowed', this.#ended, 'the bounds in the intent');
    for (const [why, count] of this.#not)
      this.#report.notChecked(`Whether the policy gives ${count} of the decisions of ${this.#logId}: ${why}.`);
    if (this.#again > 0)
      this.#report.notChecked(
        'That statements touch what the record says they touch, and nothing else: that takes the database and its grammar.',
      );
  }

  #load({ leaf, where, open }: CheckedEvent): void {
    const hash = at(leaf, 'load', 'hash');
    const classes = at(leaf, 'load', 'classes');
    if (typeof hash !== 'string') return this.#report.finding('policy-hash', 'It does not name the policy.', where);
    const [before] = this.#inForce.policy;
    const [classesBefore] = this.#inForce.classes;
    this.#inForce = {
      policy: [hash, ...(before === undefined ? [] : [before])],
      classes: typeof classes === 'string' ? [classes, ...(classesBefore === undefined ? [] : [classesBefore])] : [],
    };
    this.#read(this.#documents.policies, hash, at(leaf, 'load', 'policy'), where, open, (document) => {
      const model = new PolicyModel(document);
      if (model.rules !== at(leaf, 'load', 'rules'))
        this.#report.finding(
          'policy-hash',
          `The policy has ${model.rules} rules, which the event does not say.`,
          where,
        );
      return model;
    });
    if (typeof classes !== 'string') return;
    const sealed = at(leaf, 'load', 'classification');
    this.#read(
      this.#documents.classifications,
      classes,
      sealed,
      where,
      open,
      (document) => new ClassificationModel(document),
    );
  }

  /** Opens a document of the record; one that has not the hash it is named by is a finding, and not used. */
  #read<T>(
    known: Map<string, Known<T>>,
    hash: string,
    sealed: unknown,
    where: string,
    open: CheckedEvent['open'],
    read: (document: Buffer) => T,
  ): void {
    const opened = sealed === undefined ? undefined : open(sealed);
    const before = known.get(hash);
    if (before !== undefined && 'model' in before && !(opened instanceof Buffer)) return;
    if (opened === undefined) known.set(hash, { why: 'the record does not hold the policy' });
    else if (typeof opened === 'string') known.set(hash, { why: WHY[opened] });
    else if (sha256(opened).toString('hex') !== hash) {
      this.#report.finding(
        'policy-hash',
        'The document in the record is not the one that the event names by its hash.',
        where,
      );
      known.set(hash, { why: 'the record holds another policy under its name' });
    } else if (before === undefined || !('model' in before))
      known.set(
        hash,
        this.#model(() => read(opened)),
      );
  }

  #model<T>(read: () => T): Known<T> {
    try {
      return { model: read() };
    } catch (error) {
      if (error instanceof Unsupported) return { why: `this verifier does not know ${error.message}` };
      if (error instanceof SyntaxError) return { why: 'the policy in the record cannot be read' };
      throw error;
    }
  }

  #decision(event: CheckedEvent): void {
    const { where } = event;
    const leaf = wholeLeaf(event);
    if (typeof leaf === 'string') return this.#notAgain(WHY[leaf]);
    if (event.kind === 'stmt.intent') this.#bounds(event.index, leaf);
    const leaves = event.kind.startsWith('export.');
    // Records from before it was asked when rows leave have no decision of it.
    if (leaves && at(leaf, 'pol', 'input') === undefined) return;
    const hash = at(leaf, 'pol', 'hash');
    const inForce = this.#inForce.policy;
    if (inForce.length > 0 && !inForce.includes(String(hash)))
      return this.#report.finding('policy-in-force', 'It was decided by a policy that was not in force.', where);
    const policy = typeof hash === 'string' ? this.#documents.policies.get(hash) : undefined;
    if (policy === undefined) return this.#notAgain('the record does not hold the policy');
    if (!('model' in policy)) return this.#notAgain(policy.why);
    const sealed = at(leaf, 'pol', 'input');
    if (sealed === undefined)
      return this.#report.finding('decision-form', 'It does not say what it was decided from.', where);
    const opened = event.open(sealed);
    if (typeof opened === 'string') return this.#notAgain(WHY[opened]);
    this.#compare(leaf, opened, policy.model, where, leaves);
  }

  #compare(leaf: Json, opened: Buffer, policy: PolicyModel, where: string, leaves: boolean): void {
    try {
      const input = readDecisionInput(opened);
      const classes = this.#inForce.classes;
      if (classes.length > 0 && !classes.includes(input.classes))
        this.#report.finding('policy-in-force', 'It was decided by a classification that was not in force.', where);
      const known = this.#documents.classifications.get(input.classes);
      const classification = known !== undefined && 'model' in known ? known.model : undefined;
      const decided = { leaf, input, policy, classification };
      for (const { code, sentence } of leaves ? decideLeavingAgain(decided) : decideAgain(decided))
        this.#report.finding(code, sentence, where);
      if (input.cut) return this.#notAgain('they touch more than is kept of a decision');
      if (classification === undefined && !leaves)
        this.#notAgain('the record does not hold the classification, so masks were judged by their strength only');
      this.#again++;
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
      this.#notAgain(`this verifier does not know ${error.message}`);
    }
  }

  #notAgain(why: string): void {
    this.#not.set(why, (this.#not.get(why) ?? 0) + 1);
  }

  /** `at most 100 rows, 2048 bytes, 30000 ms` and `of these, 20 rows and 30000 ms were left`: what the event says in clear. */
  #bounds(index: number, leaf: Json): void {
    const said = at(leaf, 'pol', 'obligations');
    for (const word of Array.isArray(said) ? said : []) {
      const [, rows, bytes] = /^at most (\d+) rows, (\d+) bytes, \d+ ms$/.exec(String(word)) ?? [];
      if (rows !== undefined) this.#open.set(index, { rows: Number(rows), bytes: Number(bytes) });
      const [, left] = /^of these, (\d+) rows and \d+ ms were left$/.exec(String(word)) ?? [];
      const bounds = this.#open.get(index);
      if (left !== undefined && bounds !== undefined) this.#open.set(index, { ...bounds, rows: Number(left) });
    }
  }

  #end({ leaf, where }: CheckedEvent): void {
    const intent = at(leaf, 'ref', 'i');
    const bounds = typeof intent === 'number' ? this.#open.get(intent) : undefined;
    if (bounds === undefined) return;
    this.#open.delete(Number(intent));
    const out = isObject(leaf.out) ? leaf.out : {};
    this.#ended++;
    if (Number(out.rows ?? 0) > bounds.rows || Number(out.bytes ?? 0) > bounds.bytes)
      this.#report.finding('result-bound', 'Its result is larger than the statement was allowed.', where);
  }
}
