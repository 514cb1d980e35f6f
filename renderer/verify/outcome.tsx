import { type ReactElement } from 'react';
import { type VerifyView } from '../../shared/views.ts';
import { Message } from '../design/index.ts';
import { Copyable } from '../results/copyable.tsx';
import { Shown } from '../results/shown.tsx';
import { outcomeWords } from './outcome-words.ts';

/** What a verification found: findings first, then which logs, what was looked at and who proves it, and what was not. */
export function Outcome({ found }: { found: VerifyView }): ReactElement {
  const { meaning, sentence } = outcomeWords(found);
  return (
    <>
      <Message meaning={meaning} alert>
        {sentence}
        <span className="verify-source">
          <Shown text={found.source} />
        </span>
      </Message>
      {found.findings.length > 0 && (
        <table className="facts selectable">
          <caption>Findings</caption>
          <tbody>
            {found.findings.map((finding, index) => (
              <tr key={`${finding.code}-${String(index)}`}>
                <th scope="row">
                  <code className="meaning-refused">
                    <Shown text={finding.code} />
                  </code>
                </th>
                <td>
                  <Shown text={finding.sentence} />
                </td>
                <td className="facts-id">
                  {finding.where !== null && <Copyable label="where" text={finding.where} wrap />}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <Logs logs={found.logs} />
      <table className="facts selectable">
        <caption>What was checked</caption>
        <thead>
          <tr>
            <th scope="col" className="facts-count">
              Count
            </th>
            <th scope="col">What</th>
            <th scope="col">Proven by</th>
          </tr>
        </thead>
        <tbody>
          {found.checked.map(({ what, count, provenBy }) => (
            <tr key={what}>
              <td className="facts-count">{count.toLocaleString('en')}</td>
              <th scope="row">
                <Shown text={what} />
              </th>
              <td className="facts-quiet">
                <Shown text={provenBy} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {found.notChecked.length > 0 && (
        <table className="facts selectable">
          <caption>What was not checked</caption>
          <tbody>
            {found.notChecked.map((what) => (
              <tr key={what}>
                <td>
                  <Shown text={what} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

function Logs({ logs }: { logs: VerifyView['logs'] }): ReactElement | null {
  if (logs.length === 0) return null;
  return (
    <table className="facts facts-fixed selectable">
      <caption>Logs</caption>
      <thead>
        <tr>
          <th scope="col">Log</th>
          <th scope="col" className="facts-count">
            Events
          </th>
          <th scope="col" className="facts-count">
            Signed
          </th>
          <th scope="col">Root</th>
          <th scope="col">Key</th>
        </tr>
      </thead>
      <tbody>
        {logs.map(({ id, size, signed, root, key }) => (
          <tr key={id}>
            <th scope="row">
              <Copyable label="the log's id" text={id} />
            </th>
            <td className="facts-count">{size.toLocaleString('en')}</td>
            <td className="facts-count">{signed.toLocaleString('en')}</td>
            <td>
              <Copyable label="the root" text={root} />
            </td>
            <td>
              <Copyable label="the key" text={key} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
