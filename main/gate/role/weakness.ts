/**
 * What makes a connection's role weak. The gate's walls are its own reading of statements and the server's rights of the
 * role; where the role can do everything, one missed function is full access. Pure: facts in, weaknesses out.
 */
import { type RoleAttributes, type RoleFacts } from '../../databases/postgres/role.ts';
import { CountersignError } from '../../errors.ts';
import { type AcceptableWeakness, type Connection } from '../../profile/types.ts';
import {
  grantees,
  identifier,
  revoke,
  revokeDefiners,
  revokeExtension,
  revokeUntrusted,
} from '../../profile/role-sql.ts';
import { FILE_ROLES, SHOWN_ROLES } from './predefined-roles.ts';

export interface Weakness {
  /** Stable: `superuser`, `temporary-tables` ... Those of `refused` are the words of `accept` in connections.yaml. */
  readonly code: string;
  /** `refused`: nobody works through such a role unless the connection accepts it in words. `shown`: it is only said. */
  readonly severity: 'refused' | 'shown';
  readonly sentence: string;
  /** Statements that end it, run by a superuser or the objects' owner; empty where none can. */
  readonly mend: readonly string[];
}

/** A weakness of one connection, and whether its connection accepts it. */
export interface JudgedWeakness extends Weakness {
  readonly accepted: boolean;
}

type Refusal = Weakness & { readonly code: AcceptableWeakness };

/** Major version from which CREATEROLE no longer gives roles that its holder does not administer (release notes of 16). */
const CREATEROLE_BOUNDED = 16;

/** The weaknesses of a role, the gravest first. A superuser is weak in one way: every other right follows from it. */
export function weaknessesOf(facts: RoleFacts): readonly Weakness[] {
  const refused = attributeRefusals(facts);
  if (refused.some(({ code }) => code === 'superuser')) return refused;
  return [
    ...refused,
    ...membershipRefusals(facts),
    ...memberships(facts),
    ...attributes(facts),
    ...privileges(facts),
    ...code(facts),
  ];
}

/** The weaknesses with what the connection says to them. */
export function judgeRole(facts: RoleFacts, { accept }: Pick<Connection, 'accept'>): readonly JudgedWeakness[] {
  const accepted = new Set<string>(accept?.weaknesses);
  return weaknessesOf(facts).map((weakness) => ({ ...weakness, accepted: accepted.has(weakness.code) }));
}

/** Those that refuse every governed session. */
export function unaccepted(weaknesses: readonly JudgedWeakness[]): readonly JudgedWeakness[] {
  return weaknesses.filter(({ severity, accepted }) => severity === 'refused' && !accepted);
}

/** Why nobody works through this connection. */
export function roleTooPowerful(connection: Connection, refusing: readonly JudgedWeakness[]): CountersignError {
  const words = refusing.map(({ code }) => code).join(', ');
  return new CountersignError(
    'role-too-powerful',
    `${connection.title} is not used: ${refusing.map(({ sentence }) => sentence).join(' ')}`,
    {
      next: `Name a user of its own in connections.yaml and make it with countersign connections role-script ${connection.name}, or accept it in connections.yaml with accept: [${words}] and because: "...".`,
    },
  );
}

interface Attribute {
  readonly code: AcceptableWeakness;
  readonly has: (role: RoleAttributes) => boolean;
  readonly word: string;
  readonly why: string;
}

const ATTRIBUTES: readonly Attribute[] = [
  {
    code: 'superuser',
    has: (role) => role.superuser,
    word: 'SUPERUSER',
    why: 'no right of the server holds it back, and it reads files and runs programs there',
  },
  {
    code: 'replication',
    has: (role) => role.replication,
    word: 'REPLICATION',
    why: 'it can copy the whole server past every mask',
  },
  {
    code: 'bypass-row-security',
    has: (role) => role.bypassRowSecurity,
    word: 'BYPASSRLS',
    why: 'row security does not apply to it, so statements show rows that policies of the database hide',
  },
];

const CREATE_ROLE: Attribute = {
  code: 'create-role',
  has: (role) => role.createRole,
  word: 'CREATEROLE',
  why: 'before PostgreSQL 16 it can give itself every role but a superuser, those that read files and run programs among them',
};

function attributeRefusals(facts: RoleFacts): readonly Refusal[] {
  const known = facts.serverMajor < CREATEROLE_BOUNDED ? [...ATTRIBUTES, CREATE_ROLE] : ATTRIBUTES;
  const refusals = known.flatMap((attribute) => attributeRefusal(attribute, facts));
  const all = refusals.find(({ code }) => code === 'superuser');
  return all === undefined ? refusals : [all];
}

function attributeRefusal({ code, has, word, why }: Attribute, facts: RoleFacts): readonly Refusal[] {
  const { role } = facts;
  if (has(facts)) {
    const sentence = `The role ${role} has ${word}: ${why}.`;
    return [{ code, severity: 'refused', sentence, mend: [without(code, role, word)] }];
  }
  const through = facts.memberOf.filter(has);
  if (through.length === 0) return [];
  const names = through.map(({ name }) => name);
  return [
    {
      code,
      severity: 'refused',
      sentence: `The role ${role} can become ${names.join(', ')}, which has ${word}: ${why}.`,
      mend: names.map((name) => revoke(name, role)),
    },
  ];
}

/** Never that a superuser be made none: it may be the only one, and the server could not be administered any more. */
const without = (code: AcceptableWeakness, role: string, word: string): string =>
  code === 'superuser'
    ? '-- name a user of its own in connections.yaml, and make it with: countersign connections role-script'
    : `ALTER ROLE ${identifier(role)} NO${word};`;

function membershipRefusals(facts: RoleFacts): readonly Refusal[] {
  return facts.memberOf.flatMap(({ name }) => {
    const found = FILE_ROLES.get(name);
    if (found === undefined) return [];
    const sentence = `The role ${facts.role} is a member of ${name}, which ${found.what}.`;
    return [{ code: found.code, severity: 'refused' as const, sentence, mend: [revoke(name, facts.role)] }];
  });
}

function memberships({ role, memberOf }: RoleFacts): readonly Weakness[] {
  const names = memberOf.map(({ name }) => name);
  // pg_monitor is a member of the others: one sentence is enough.
  const implied = new Set(
    names.includes('pg_monitor') ? ['pg_read_all_stats', 'pg_read_all_settings', 'pg_stat_scan_tables'] : [],
  );
  return names.flatMap((name) => {
    const what = implied.has(name) ? undefined : SHOWN_ROLES.get(name);
    if (what === undefined) return [];
    const mend = name === 'pg_database_owner' ? [] : [revoke(name, role)];
    return [
      shown(`member-of-${name.replaceAll('_', '-')}`, `The role ${role} is a member of ${name}, which ${what}.`, mend),
    ];
  });
}

function attributes(facts: RoleFacts): readonly Weakness[] {
  const { role, serverMajor } = facts;
  const alter = (word: string): readonly string[] => [`ALTER ROLE ${identifier(role)} ${word};`];
  return [
    ...(facts.createRole && serverMajor >= CREATEROLE_BOUNDED
      ? [
          shown(
            'create-role',
            `The role ${role} has CREATEROLE: it makes roles, and administers those it made.`,
            alter('NOCREATEROLE'),
          ),
        ]
      : []),
    ...(facts.createDatabase
      ? [
          shown(
            'create-database',
            `The role ${role} has CREATEDB: it makes databases, and owns what is in them.`,
            alter('NOCREATEDB'),
          ),
        ]
      : []),
  ];
}

function privileges(facts: RoleFacts): readonly Weakness[] {
  const { role, database, owns } = facts;
  const found: Weakness[] = [];
  if (owns.count > 0) {
    const what = `${counted(owns.count, 'table or view', 'tables and views')} (${examples(owns)})`;
    found.push(
      shown(
        'owns-relations',
        `The role ${role} owns ${what}: an owner passes row security, changes definitions and gives rights away.`,
        [`REASSIGN OWNED BY ${identifier(role)} TO another_role;`],
      ),
    );
  }
  for (const { name, from } of facts.parameters) {
    found.push(
      shown(
        'server-parameters',
        `The role ${role} may change the setting ${name} of the server, which only superusers change otherwise.`,
        [`REVOKE ALL ON PARAMETER ${identifier(name)} FROM ${grantees(from)};`],
      ),
    );
  }
  if (facts.createOnDatabase.length > 0) {
    found.push(
      shown('create-on-database', `The role ${role} may make schemas in the database ${database}.`, [
        `REVOKE CREATE ON DATABASE ${identifier(database)} FROM ${grantees(facts.createOnDatabase)};`,
      ]),
    );
  }
  for (const { schema, from } of facts.createOnSchemas) {
    const whoElse = from.includes('PUBLIC') ? ', and so may everybody' : '';
    found.push(
      shown(
        'create-on-search-path',
        `The role ${role} may make objects in the schema ${schema} of its search path${whoElse}: a function or operator made there can be picked instead of the one that was meant.`,
        [`REVOKE CREATE ON SCHEMA ${identifier(schema)} FROM ${grantees(from)};`],
      ),
    );
  }
  if (facts.temporaryTables.length > 0) {
    found.push(
      shown(
        'temporary-tables',
        `The role ${role} may make temporary tables in the database ${database}: copies of values under names that nobody classified.`,
        [`REVOKE TEMPORARY ON DATABASE ${identifier(database)} FROM ${grantees(facts.temporaryTables)};`],
      ),
    );
  }
  return found;
}

function code(facts: RoleFacts): readonly Weakness[] {
  const { role, functions, untrusted } = facts;
  const found = facts.extensions.map(({ name, functions: callable, servers }) => {
    const what = [
      ...(callable > 0 ? [`call ${counted(callable, 'function', 'functions')}`] : []),
      ...(servers > 0 ? [`use ${counted(servers, 'server', 'servers')}`] : []),
    ];
    return shown(
      `extension-${name.replaceAll('_', '-')}`,
      `The role ${role} may ${what.join(' and ')} of the extension ${name}, which reaches past the tables of this database.`,
      callable > 0 ? [revokeExtension(name, role)] : [],
    );
  });
  if (untrusted.count > 0) {
    found.push(
      shown(
        'untrusted-functions',
        `The role ${role} may call ${counted(untrusted.count, 'function', 'functions')} in a language that reaches files and programs of the server (${examples(untrusted)}).`,
        [revokeUntrusted(role)],
      ),
    );
  }
  if (functions.definers > 0) {
    found.push(
      shown(
        'definer-functions',
        `The role ${role} may call ${counted(functions.definers, 'function', 'functions')} with the rights of their owners (${examples({ ...functions, count: functions.definers })}).`,
        [revokeDefiners(role)],
      ),
    );
  }
  return found;
}

const shown = (code: string, sentence: string, mend: readonly string[]): Weakness => ({
  code,
  severity: 'shown',
  sentence,
  mend,
});

const counted = (count: number, one: string, many: string): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`;

function examples({
  count,
  examples: names,
}: {
  readonly count: number;
  readonly examples: readonly string[];
}): string {
  const more = count - names.length;
  return more > 0 ? `${names.join(', ')} and ${more.toLocaleString('en')} more` : names.join(', ');
}
