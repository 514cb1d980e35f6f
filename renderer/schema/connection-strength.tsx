import { type ReactElement, useState } from 'react';
import { type ConnectionView, type ExaminationView } from '../../shared/views.ts';
import { Button, Icon, type Meaning, MeaningIcon } from '../design/index.ts';
import { Shown } from '../results/shown.tsx';
import { loadConnections } from '../state/actions.ts';
import { type Loadable, troubleOf } from '../state/trouble.ts';
import { type Workbench } from '../state/workbench.ts';
import './connection-strength.css';

/** What binds somebody who holds the connection's credential themselves. */
export const STRENGTHS: Readonly<Record<ConnectionView['strength'], string>> = {
  advisory: 'The password is kept on this machine: whoever has it can reach the database without Countersign.',
  brokered: 'A credential is made for each session and ends with it.',
  gateway: 'The gate runs elsewhere, and nobody here has a credential.',
};

/** The three told apart without colour: an open lock, a key that ends, a server. */
export const strengthIcons: Readonly<Record<ConnectionView['strength'], string>> = {
  advisory: 'unlock',
  brokered: 'key',
  gateway: 'server',
};

export function StrengthIcon({ strength }: { strength: ConnectionView['strength'] }): ReactElement {
  return <Icon name={strengthIcons[strength]} />;
}

interface Item {
  readonly meaning: Meaning;
  readonly sentence: string;
  readonly mend: readonly string[];
}

export type Examined = Loadable<ExaminationView> | null;

/** Connects beside everything else and looks whether the connection is as it should be, when it is asked to. */
export function useExamination(
  workbench: Workbench,
  connection: ConnectionView,
): { readonly examined: Examined; readonly examine: () => void } {
  const [examined, setExamined] = useState<Examined>(null);
  const look = async (): Promise<void> => {
    setExamined({ state: 'loading' });
    try {
      const value = await workbench.client['connections.examine']({ connection: connection.name });
      setExamined({ state: 'ready', value });
      void loadConnections(workbench);
    } catch (error) {
      setExamined({ state: 'failed', trouble: troubleOf(error) });
    }
  };
  return {
    examined,
    examine: () => {
      // The button keeps the focus while it waits: a disabled one would lose it, and Escape with it.
      if (examined?.state !== 'loading') void look();
    },
  };
}

/** What its role can do besides what it is for, and what mends that. */
export function Weaknesses({ connection, examined }: { connection: ConnectionView; examined: Examined }): ReactElement {
  const items = examined?.state === 'ready' ? found(examined.value) : known(connection);
  // What is to be mended about it is among the findings.
  const { secondLineage } = connection;
  const lineage = examined?.state === 'ready' && secondLineage?.mend.length !== 0 ? null : secondLineage;
  return (
    <>
      {items === null ? (
        <p>What its role can do on the server is known once somebody has connected.</p>
      ) : items.length === 0 ? (
        <p className="weak-item">
          <MeaningIcon meaning="approved" />
          <span>Its role can do nothing that it does not need.</span>
        </p>
      ) : (
        <ul className="weak-list">
          {items.map((item) => (
            <Weak key={item.sentence} item={item} />
          ))}
        </ul>
      )}
      {lineage !== null && <p className="weak-quiet">Second lineage: {lineage.sentence}</p>}
    </>
  );
}

function Weak({ item: { meaning, sentence, mend } }: { item: Item }): ReactElement {
  const sql = mend.join('\n');
  return (
    <li className="weak-item">
      <MeaningIcon meaning={meaning} label={meaning === 'refused' ? 'Refuses every session' : 'Weakness'} />
      <div>
        <p>
          <Shown text={sentence} />
        </p>
        {sql !== '' && (
          <div className="weak-mend">
            <code>{sql}</code>
            <Button
              variant="quiet"
              icon="copy"
              aria-label="Copy what mends it"
              onPress={() => void navigator.clipboard.writeText(sql)}
            >
              Copy
            </Button>
          </div>
        )}
      </div>
    </li>
  );
}

function known({ weaknesses }: ConnectionView): readonly Item[] | null {
  return (
    weaknesses?.map(({ severity, accepted, sentence, mend }) => ({
      meaning: severity === 'refused' && !accepted ? 'refused' : 'write',
      sentence: accepted ? `${sentence} The connection accepts it.` : sentence,
      mend,
    })) ?? null
  );
}

/** The doctor's findings that are not as they should be. */
function found({ findings }: ExaminationView): readonly Item[] {
  return findings
    .filter(({ level }) => level !== 'good')
    .map(({ level, sentence, mend }) => ({ meaning: level === 'refuses' ? 'refused' : 'write', sentence, mend }));
}
