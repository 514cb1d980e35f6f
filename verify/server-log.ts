/**
 * The log of a PostgreSQL server: csvlog and jsonlog (PostgreSQL documentation 19.8.4 and 19.8.5), with the lines that
 * log_statement, log_min_duration_statement and pgaudit write. Read piece by piece, whatever its size.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { parseText } from './json.ts';
import { CannotVerify } from './report.ts';

/** A statement that a client's connection ran, or that failed before it ran. */
export interface ServerStatement {
  /** For findings: file and number of the entry, from 1. */
  readonly where: string;
  /** Milliseconds since 1970 UTC. */
  readonly at: number;
  readonly user: string;
  readonly database: string;
  readonly pid: number;
  readonly application: string;
  /** Who says so: an error names a statement that may never have been told of otherwise. */
  readonly told: 'statement' | 'error' | 'audit';
  readonly text: string;
  /** Name of the prepared statement, empty for none. */
  readonly prepared: string;
}

/** One entry of the log that says nothing of a statement: it only shows which time the log covers. */
export interface OtherEntry {
  readonly at: number;
}

type Fields = Readonly<Record<string, string | undefined>>;

/** Columns of csvlog in order; newer versions add at the end. */
const COLUMNS = [
  ...['timestamp', 'user', 'dbname', 'pid', 'remote', 'session_id', 'line_num', 'ps', 'session_start', 'vxid', 'txid'],
  ...['error_severity', 'state_code', 'message', 'detail', 'hint', 'internal_query', 'internal_position', 'context'],
  ...['statement', 'cursor_position', 'location', 'application_name', 'backend_type', 'leader_pid', 'query_id'],
];

/** Longest entry; a server has none, and who makes up a log shall not fill the memory. Characters. */
const LONGEST = 64 * 1024 * 1024;

/**
 * Every entry of a file, in its order.
 * @param offsetMinutes of the server's log_timezone from UTC, where its times have a name that says no offset
 * @throws CannotVerify when the file cannot be read, or is no such log
 */
export function* readServerLog(file: string, offsetMinutes?: number): Generator<ServerStatement | OtherEntry> {
  let number = 0;
  for (const fields of entries(file)) {
    number++;
    const where = `${file} entry ${number}`;
    const at = timeOf(fields.timestamp ?? '', offsetMinutes, where);
    const found = statementOf(fields);
    const { user = '', dbname: database = '', application_name: application = '' } = fields;
    // What workers and replication do, no client asked for.
    const isClient = (fields.backend_type ?? 'client backend') === 'client backend';
    yield found === undefined || !isClient
      ? { at }
      : { where, at, user, database, application, pid: Number(fields.pid), ...found };
  }
}

function* entries(file: string): Generator<Fields> {
  let isJson: boolean | undefined;
  let rest = '';
  for (const piece of pieces(file)) {
    rest += piece;
    isJson ??= /^\s*[{[]/.test(rest);
    const { taken, fields } = isJson ? jsonLines(rest) : csvRows(rest, false);
    yield* fields;
    rest = rest.slice(taken);
    if (rest.length > LONGEST) throw new CannotVerify(`${file} has an entry that is longer than any server writes.`);
  }
  if (rest.trim() === '') return;
  const { fields } = isJson === true ? jsonLines(`${rest}\n`) : csvRows(`${rest}\n`, true);
  yield* fields;
}

function* pieces(file: string): Generator<string> {
  const decoder = new StringDecoder('utf8');
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (cause) {
    throw new CannotVerify(`The log of the server, ${file}, cannot be read.`, { cause });
  }
  try {
    const buffer = Buffer.alloc(1 << 20);
    for (let read; (read = readSync(descriptor, buffer)) > 0;) yield decoder.write(buffer.subarray(0, read));
  } finally {
    closeSync(descriptor);
  }
}

interface Taken {
  /** Characters that were read. */
  readonly taken: number;
  readonly fields: readonly Fields[];
}

function jsonLines(text: string): Taken {
  const taken = text.lastIndexOf('\n') + 1;
  const fields = text
    .slice(0, taken)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const entry = parseText(line);
      if (entry === null) throw new CannotVerify('The log of the server has a line that is not JSON.');
      return Object.fromEntries(
        Object.entries(entry).map(([name, value]) => [name, value === null ? undefined : String(value as string)]),
      );
    });
  return { taken, fields };
}

/** Rows that end in `text`; a quoted value may hold line ends (RFC 4180 §2). */
function csvRows(text: string, last: boolean): Taken {
  const fields: Fields[] = [];
  let taken = 0;
  for (;;) {
    const row = csvRow(text, taken);
    if (row === null) break;
    if (row.values.length < 23)
      throw new CannotVerify(
        'The log of the server is neither csvlog nor jsonlog: set log_destination to one of them.',
      );
    fields.push(Object.fromEntries(COLUMNS.map((name, i) => [name, row.values[i] === '' ? undefined : row.values[i]])));
    taken = row.end;
  }
  if (last && taken < text.length && text.slice(taken).trim() !== '')
    throw new CannotVerify('The log of the server ends in the middle of an entry: give the whole file.');
  return { taken, fields };
}

function csvRow(text: string, from: number): { readonly values: readonly string[]; readonly end: number } | null {
  const values: string[] = [];
  for (let at = from; ;) {
    let value: string;
    if (text[at] === '"') {
      let end = at + 1;
      while ((end = text.indexOf('"', end)) >= 0 && text[end + 1] === '"') end += 2;
      if (end < 0 || end + 1 >= text.length) return null;
      value = text.slice(at + 1, end).replaceAll('""', '"');
      at = end + 1;
    } else {
      const end = /[,\n]/g;
      end.lastIndex = at;
      const found = end.exec(text);
      if (found === null) return null;
      value = text.slice(at, found.index);
      at = found.index;
    }
    values.push(value.replace(/\r$/, ''));
    if (text[at] === '\r' && text[at + 1] === '\n') at++;
    if (text[at] === '\n') return { values, end: at + 1 };
    if (text[at] !== ',') throw new CannotVerify('The log of the server is no CSV that a server writes.');
    at++;
  }
}

const TIME = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) ?(\S*)$/;
const OFFSET = /^([+-])(\d\d):?(\d\d)?$/;

function timeOf(text: string, offsetMinutes: number | undefined, where: string): number {
  const [, day, clock, zone = ''] = TIME.exec(text) ?? [];
  const [, sign, hours, minutes = '00'] = OFFSET.exec(zone) ?? [];
  const isUtc = ['UTC', 'GMT', 'Z'].includes(zone);
  const written = isUtc
    ? 0
    : hours === undefined
      ? offsetMinutes
      : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  const at = Date.parse(`${day ?? ''}T${clock ?? ''}Z`);
  if (Number.isNaN(at)) throw new CannotVerify(`The log of the server has no time that can be read (${where}).`);
  if (written === undefined)
    throw new CannotVerify(
      `The times of the server's log are in ${zone === '' ? 'no time zone' : zone}, which says no offset: set log_timezone to UTC, or give the offset.`,
    );
  return at - written * 60_000;
}

/** As log_statement and the durations write it. A portal that is fetched from again ran before. */
const SAID = /^(?:duration: [\d.]+ ms {2})?(?:statement|execute ([^:]*)): ([\s\S]*)$/;
const AUDIT = /^AUDIT: (?:SESSION|OBJECT),/;

function statementOf({
  message = '',
  error_severity: severity,
  statement,
}: Fields): Pick<ServerStatement, 'told' | 'text' | 'prepared'> | undefined {
  if (severity === 'ERROR' || severity === 'FATAL')
    return statement === undefined ? undefined : { told: 'error', text: statement, prepared: '' };
  const [, name = '', text] = SAID.exec(message) ?? [];
  // name is `<unnamed>`, `name`, or `name/portal`.
  if (text !== undefined && !name.startsWith('fetch from '))
    return { told: 'statement', text, prepared: name === '<unnamed>' ? '' : (name.split('/')[0] ?? '') };
  return AUDIT.test(message) ? audited(message) : undefined;
}

/** `AUDIT: SESSION,statement,substatement,class,command,object type,object,text,parameters` (pgaudit, "Format"). */
function audited(message: string): Pick<ServerStatement, 'told' | 'text' | 'prepared'> | undefined {
  const [, , substatement, , command = '', , , text = ''] = csvRow(`${message}\n`, 'AUDIT: '.length)?.values ?? [];
  // What a function ran inside is its caller's; a text is told once where there are several relations.
  if (substatement !== '1' || text.startsWith('<previously logged>')) return undefined;
  return { told: 'audit', text: text === '<not logged>' ? command : text, prepared: '' };
}
