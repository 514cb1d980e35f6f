import { formatDialect, postgresql } from 'sql-formatter';

/** The text laid out anew, or null when it cannot be understood: then it stays as it was written. */
export function formatSql(text: string): string | null {
  try {
    return formatDialect(text, { dialect: postgresql, keywordCase: 'upper', tabWidth: 2, linesBetweenQueries: 1 });
  } catch {
    return null;
  }
}
