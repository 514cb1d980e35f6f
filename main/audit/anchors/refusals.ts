/** What those are told who ask for more than can be had. */
import { CountersignError } from '../../errors.ts';
import { type RecordLevel } from './anchors.ts';
import { type LocalLog } from './local-log.ts';

export const unsigned = (log: LocalLog): CountersignError =>
  new CountersignError('upload-damaged', `The log ${log.id} has signed nothing that could be copied.`, {
    next: 'Start the program again.',
  });

/** @param why one sentence or more */
export const unreached = (why: string, next?: string): CountersignError =>
  new CountersignError(
    'record-level-unreached',
    `The record of this statement is not where policy demands it, so it was not sent. ${why}`,
    next === undefined ? {} : { next },
  );

export const notConfigured = (level: RecordLevel): CountersignError =>
  new CountersignError(
    'record-level-unreached',
    `Policy demands that the record is ${level}, and nothing here does that.`,
    {
      next:
        level === 'uploaded'
          ? 'Name a store in organisation.yaml (record.store).'
          : 'Name enough witnesses in organisation.yaml (record.witnesses, record.quorum).',
    },
  );
