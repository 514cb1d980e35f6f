import { type RunSnapshot } from './run-model.ts';

/** Numbers as the window writes them. */
export const thousands = (value: number): string => value.toLocaleString('en-US');

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${thousands(count)} ${count === 1 ? one : many}`;

/** Milliseconds up to a second, then seconds, then minutes. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  const minutes = `${Math.floor(seconds / 60)} min`;
  return seconds % 60 === 0 ? minutes : `${minutes} ${seconds % 60} s`;
}

/** One line over the result: how much, how long. */
export function summary(run: RunSnapshot): string {
  const time = run.milliseconds === null ? null : duration(run.milliseconds);
  const rows = run.result === null ? null : plural(run.rows, 'row');
  const state = {
    running: 'running',
    cancelled: 'cancelled',
    refused: (run.verdict?.needs.length ?? 0) > 0 ? 'waits for you' : 'refused',
    asked: 'waits for approval',
    failed: 'failed',
    done: null,
  }[run.state];
  return [rows, time, state].filter((part) => part !== null).join(' · ');
}

/** Where an offset stands in a text, both counted from one. */
export function lineAndColumn(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  const start = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - start + 1 };
}

/** At most `limit` characters of a text in one line. */
export function oneLine(text: string, limit = 200): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  return flat.length <= limit ? flat : `${flat.slice(0, limit - 1)}…`;
}

/** What a server says and what a policy's texts say ends without a full stop; before another sentence it has one. */
export const asSentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
