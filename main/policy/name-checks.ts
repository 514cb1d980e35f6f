import { type CompiledPlace, type PolicyContext, type Selectors } from './compiled-policy.ts';
import { namePattern } from './name-pattern.ts';
import { type ApprovalSource, type PolicyFile, type RuleSource } from './policy-file.ts';
import { ANYBODY, APPROVERS, readSelectors, selectorChoices, type KnownNames, type SelectorKind } from './selectors.ts';
import { NAME, NAME_RULE } from './vocabulary.ts';
import { type Path, type Problem, type YamlFile } from './yaml-file.ts';

/** What the names in a policy file refer to: reads the parts that have names, and keeps what is wrong with them. */
export class NameChecks {
  readonly #file: YamlFile<PolicyFile>;
  readonly #connections: readonly string[];
  /** Classes, groups of classes, and `*`. */
  readonly maskable: readonly string[];
  readonly classes: readonly string[];
  readonly #problems: Problem[] = [];
  readonly #names: KnownNames;

  constructor(file: YamlFile<PolicyFile>, context: PolicyContext) {
    this.#file = file;
    this.#connections = context.connections.map((connection) => connection.name);
    this.classes = context.classes.map((entry) => entry.name);
    this.maskable = ['*', ...new Set(context.classes.flatMap((entry) => [entry.group, entry.name]))];
    const { groups, agents = {}, services = {} } = file.value;
    this.#names = { group: Object.keys(groups), agent: Object.keys(agents), service: Object.keys(services) };
  }

  /** In the order of the file. */
  get problems(): readonly Problem[] {
    return [...this.#problems].sort((a, b) => a.line - b.line || a.column - b.column);
  }

  problem(path: Path, message: string, choices?: readonly string[]): void {
    this.#problems.push(this.#file.problem(path, message, choices));
  }

  known(path: Path, what: string, names: readonly string[], choices: readonly string[]): ReadonlySet<string> {
    names.forEach((name, index) => {
      if (!choices.includes(name)) this.problem([...path, index], `no ${what} is called "${name}"`, choices);
    });
    return new Set(names);
  }

  groups(path: Path, names: readonly string[]): ReadonlySet<string> {
    return this.known(path, 'group', names, this.#names.group);
  }

  grants(path: Path, names: readonly string[]): ReadonlySet<string> {
    return this.known(path, 'grant', names, Object.keys(this.#file.value.grants));
  }

  connection(path: Path, names: readonly string[]): ReadonlySet<string> {
    return this.known(path, 'connection', names, this.#connections);
  }

  /** `first`: where the first of the words stands in the list at `path`. */
  selectors(path: Path, words: readonly string[], kinds: readonly SelectorKind[] = ANYBODY, first = 0): Selectors {
    return readSelectors(words, kinds, this.#names, ({ at, message, choices }) =>
      this.problem([...path, first + at], message, choices),
    );
  }

  place(path: Path, { env, connection, database, schema, table }: NonNullable<RuleSource['in']>): CompiledPlace {
    return {
      ...(env === undefined ? {} : { environments: new Set(env) }),
      ...(connection === undefined ? {} : { connections: this.connection([...path, 'connection'], connection) }),
      ...(database === undefined ? {} : { databases: namePattern(database) }),
      ...(schema === undefined ? {} : { schemas: namePattern(schema) }),
      ...(table === undefined ? {} : { tables: namePattern(table) }),
    };
  }

  /** People approve, or the team that owns the connection: never a program. */
  approval(path: Path, { from, within }: Omit<ApprovalSource, 'count'>): void {
    from.forEach((word, index) => {
      if (word === 'owner-team') return;
      if (/^(everyone|agent|service)(:|$)/.test(word))
        this.problem([...path, 'from', index], `"${word}" cannot approve`, [
          'owner-team',
          ...selectorChoices(APPROVERS),
        ]);
      else this.selectors([...path, 'from'], [word], APPROVERS, index);
    });
    if (within !== undefined) this.selectors([...path, 'within'], [within], ['group']);
  }

  /** Names that the policy itself gives. */
  given(): void {
    for (const key of ['groups', 'agents', 'services', 'grants'] as const)
      for (const name of Object.keys(this.#file.value[key] ?? {}))
        if (!NAME.test(name)) this.problem([key, name], `the name "${name}" must be ${NAME_RULE}`);
  }
}
