/** One way to write each word that an older server takes for a name, and the version from which it is a keyword. */
export const NEWER_WORDS: Readonly<Record<string, { readonly since: number; readonly sql: string }>> = {
  json: { since: 17, sql: "select 'é', json(name) from t" },
  json_array: { since: 16, sql: "select 'é', json_array(name, ssn) from t" },
  json_arrayagg: { since: 16, sql: "select 'é', json_arrayagg(name) from t" },
  json_exists: { since: 17, sql: "select 'é', json_exists(prefs, '$.a') from t" },
  json_object: { since: 16, sql: "select 'é', json_object(name) from t" },
  json_objectagg: { since: 16, sql: "select 'é', json_objectagg(name: ssn) from t" },
  json_query: { since: 17, sql: "select 'é', json_query(prefs, '$.a') from t" },
  json_scalar: { since: 17, sql: "select 'é', json_scalar(name) from t" },
  json_serialize: { since: 17, sql: "select 'é', json_serialize(name) from t" },
  json_table: { since: 17, sql: "select 'é' from json_table('{}', '$' columns (a int))" },
  json_value: { since: 17, sql: "select 'é', json_value(prefs, '$.a') from t" },
  merge_action: { since: 17, sql: "select 'é', merge_action() from t" },
  system_user: { since: 16, sql: "select 'é' from t where system_user = 'x'" },
};
