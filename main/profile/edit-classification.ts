import { join } from 'node:path';
import { type Document, isMap, isSeq, parseDocument } from 'yaml';
import { CountersignError } from '../errors.ts';
import { tryLock } from '../lock.ts';
import { type ProposedColumn, usualClass, writtenColumn } from '../policy/suggested-classification.ts';
import { writeConfiguration } from './configuration-file.ts';
import { PROFILE_FILES } from './directory.ts';
import { readProfile, readTexts } from './load.ts';

/**
 * Writes classifications that a person has confirmed into classification.yaml, which is replaced as one step and keeps its
 * comments. A class that the file does not define yet is defined as it is usually meant. What is written already with another class
 * is refused: changing it is a decision of its own. Throws CountersignError `classification-differs`, `profile-busy`, or what
 * `loadProfile` throws.
 * @param record is told before anything is written; what it throws leaves the file as it is
 */
export async function addClassification(
  home: string,
  connection: string,
  columns: readonly ProposedColumn[],
  record: () => Promise<void>,
): Promise<void> {
  const lock = tryLock(join(home, 'classification.lock'));
  if (lock === null) {
    throw new CountersignError('profile-busy', 'The classification is being changed by another window or command.', {
      next: 'Try again in a moment.',
    });
  }
  try {
    const texts = await readTexts(home);
    const { classification } = readProfile(home, texts);
    const document = parseDocument(texts.classification);
    for (const { class: name } of columns) {
      if (!classification.classes.has(name)) document.setIn(['classes', name], document.createNode(usualClass(name)));
    }
    const written = columnsOf(document, connection);
    for (const { column, class: name } of columns) {
      const text = writtenColumn(column);
      const before = document.getIn([...written, text]);
      if (before !== undefined && before !== name) {
        throw new CountersignError('classification-differs', `${text} is classified as ${String(before)} already.`, {
          next: 'Change its line in classification.yaml where that is wrong.',
        });
      }
      document.setIn([...written, text], name);
    }
    const text = String(document);
    readProfile(home, { ...texts, classification: text });
    await record();
    await writeConfiguration(home, PROFILE_FILES.classification, text);
  } finally {
    lock.release();
  }
}

/** Path of the map of columns that is for this connection alone; made where there is none. */
function columnsOf(document: Document, connection: string): readonly (string | number)[] {
  let list = document.get('columns');
  if (!isSeq(list)) {
    list = document.createNode([]);
    document.set('columns', list);
  }
  if (!isSeq(list)) throw new Error('columns is a list');
  list.flow = false;
  const found = list.items.findIndex((item) => isMap(item) && isOnly(item.toJSON(), connection));
  if (found >= 0) return ['columns', found, 'classes'];
  list.add(document.createNode({ connections: [connection], classes: {} }));
  const last = list.items.at(-1);
  if (isMap(last)) {
    const classes = last.get('classes');
    if (isMap(classes)) classes.flow = false;
  }
  return ['columns', list.items.length - 1, 'classes'];
}

function isOnly(entry: unknown, connection: string): boolean {
  const { connections } = entry as { readonly connections?: unknown };
  return (
    connections === connection ||
    (Array.isArray(connections) && connections.length === 1 && connections[0] === connection)
  );
}
