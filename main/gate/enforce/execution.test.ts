import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Execution, type PostgresSession, type Prepared, type RowSink } from '../../databases/postgres/session.ts';
import { ResultStore } from '../../databases/result/index.ts';
import { type GateEvent } from '../request.ts';
import { type Allow } from '../verdict.ts';
import { execute, type ExecutionInput } from './execution.ts';

/** One column of type int4, one row per call: the body of a DataRow with the value `7`. */
const ROW = Buffer.from([0, 1, 0, 0, 0, 1, 0x37]);

interface Script {
  readonly rows?: number;
  readonly transactionId?: string;
  readonly parameters?: number;
  /** What COMMIT does to the connection. */
  readonly commit?: 'lost' | 'refused';
}

/** A session that does what a test says and notes what it was asked, in order. */
function scripted(script: Script): { readonly upstream: PostgresSession; readonly asked: readonly string[] } {
  const asked: string[] = [];
  let usable = true;
  const column = { name: 'n', tableOid: 0, attribute: 0, typeOid: 23, typeModifier: -1, type: 'integer' };
  const upstream = {
    get usable() {
      return usable;
    },
    begin: (options: { readonly mode: string; readonly text: string }) => {
      asked.push(`begin ${options.mode}`);
      return Promise.resolve({
        columns: [column],
        parameterOids: Array.from({ length: script.parameters ?? 0 }, () => 23),
        text: options.text,
        params: [],
      } as unknown as Prepared);
    },
    execute: (_: Prepared, sink: RowSink): Promise<Execution> => {
      asked.push('execute');
      let wanted: boolean | Promise<boolean> = true;
      for (let row = 0; row < (script.rows ?? 1) && wanted === true; row++) wanted = sink.row(ROW, 0, ROW.length);
      return Promise.resolve({
        tag: wanted === true ? 'UPDATE 3' : undefined,
        rows: 0,
        transactionId: script.transactionId ?? null,
      });
    },
    end: (how: string) => {
      asked.push(how);
      if (how !== 'commit' || script.commit === undefined) return Promise.resolve();
      usable = script.commit !== 'lost';
      return Promise.reject(new Error('commit'));
    },
  };
  return { upstream: upstream as unknown as PostgresSession, asked };
}

describe('the envelope of a statement', () => {
  let directory: string;
  let results: ResultStore;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'countersign-envelope-'));
    results = new ResultStore({ directory });
  });
  afterEach(() => {
    results.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const allow = (envelope: 'read' | 'write', rows = 100): Allow => ({
    verdict: 'allow',
    envelope,
    masks: [],
    rules: [],
    limits: { rows, bytes: 1_000_000, statementTimeout: 1_000, lockTimeout: 1_000 },
    leaving: { kind: 'yes' },
  });

  const run = (upstream: PostgresSession, verdict: Allow, change: Partial<ExecutionInput> = {}) =>
    execute({
      upstream,
      verdict,
      text: 'statement',
      params: [],
      results,
      signal: new AbortController().signal,
      emit: (_: GateEvent) => undefined,
      opened: () => undefined,
      net: undefined,
      keyOf: () => new Uint8Array(32),
      questions: { marks: undefined, treeOf: null },
      plansOnly: false,
      confirm: () => ({ evidence: {}, guard: {} }),
      ...change,
    });

  it('ends a read in ROLLBACK, however well it went', async () => {
    const { upstream, asked } = scripted({});
    await run(upstream, allow('read'));
    expect(asked).toEqual(['begin read only', 'execute', 'rollback']);
  });

  it('runs nothing when what the server made of the statement is not what was decided', async () => {
    const { upstream, asked } = scripted({});
    const confirm = (): never => {
      throw new Error('moved');
    };
    await expect(run(upstream, allow('read'), { confirm })).rejects.toThrow('moved');
    expect(asked).toEqual(['begin read only', 'rollback']);
  });

  it('withholds a read that took a transaction id', async () => {
    const { upstream, asked } = scripted({ transactionId: '745' });
    await expect(run(upstream, allow('read'))).rejects.toMatchObject({ code: 'read-wrote' });
    expect(asked.at(-1)).toBe('rollback');
  });

  it('stops a read at the bound and says so', async () => {
    const { upstream } = scripted({ rows: 10 });
    const ending = await run(upstream, allow('read', 4));
    expect(ending).toMatchObject({ rows: 4, cut: 'cut at 4 rows, the most policy allows' });
  });

  it('never stops a write because it returns many rows, and cuts what is shown of them', async () => {
    const { upstream, asked } = scripted({ rows: 10, transactionId: '745' });
    const ending = await run(upstream, allow('write', 4));
    expect(ending).toMatchObject({ tag: 'UPDATE 3', rows: 4, end: 'commit' });
    expect(asked).toEqual(['begin read write', 'execute', 'commit', 'rollback']);
  });

  it('does not know what became of a write whose connection was lost at COMMIT', async () => {
    const { upstream, asked } = scripted({ commit: 'lost' });
    await expect(run(upstream, allow('write'))).rejects.toMatchObject({ code: 'commit-unknown' });
    expect(asked.at(-1)).toBe('commit');
  });

  it('knows that a write was refused at COMMIT', async () => {
    const { upstream } = scripted({ commit: 'refused' });
    await expect(run(upstream, allow('write'))).rejects.toThrow('commit');
  });

  it('refuses a statement with parameters that nobody gave', async () => {
    const { upstream, asked } = scripted({ parameters: 2 });
    await expect(run(upstream, allow('read'))).rejects.toMatchObject({ code: 'parameters-missing' });
    expect(asked).toEqual(['begin read only', 'rollback']);
  });
});
