/** Who feeds the index of a profile holds this, in the directory of its logs. */
export const LOCK = 'index.lock';
