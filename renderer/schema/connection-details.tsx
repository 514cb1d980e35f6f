import { type ReactElement, useState } from 'react';
import { Dialog as AriaDialog, Heading } from 'react-aria-components/Dialog';
import { Popover } from 'react-aria-components/Popover';
import { type ConnectionView, type ExaminationView } from '../../shared/views.ts';
import { Button, type Meaning, MeaningIcon, Message, ProgressBar } from '../design/index.ts';
import { Shown } from '../results/shown.tsx';
import { loadConnections } from '../state/actions.ts';
import { troubleOf } from '../state/trouble.ts';
import { type Loadable } from '../state/trouble.ts';
import { type Workbench } from '../state/workbench.ts';
import './connection-details.css';

/** What binds somebody who holds the connection's credential themselves. */
const STRENGTHS: Readonly<Record<ConnectionView['strength'], string>> = {
  advisory: 'The password is kept on this machine: whoever has it can reach the database without Countersign.',
  brokered: 'A credential is made for each session and ends with it.',
  gateway: 'The gate runs elsewhere, and nobody here has a credential.',
};

interface Item {
  readonly meaning: Meaning;
  readonly sentence: string;
  readonly mend: readonly string[];
}

/** How far the gate binds on one connection: its strength, what its role can do besides, and what mends that. */
export function ConnectionDetails({
  workbench,
  connection,
  at,
  onClose,
}: {
  workbench: Workbench;
  connection: ConnectionView;
  at: Element;
  onClose: () => void;
}): ReactElement {
  const [examined, setExamined] = useState<Loadable<ExaminationView> | null>(null);
  const { title, strength, weaknesses, secondLineage } = connection;

  const examine = async (): Promise<void> => {
    // The button keeps the focus while it waits: a disabled one would lose it, and Escape with it.
    if (examined?.state === 'loading') return;
    setExamined({ state: 'loading' });
    try {
      const value = await workbench.client['connections.examine']({ connection: connection.name });
      setExamined({ state: 'ready', value });
      void loadConnections(workbench);
    } catch (error) {
      setExamined({ state: 'failed', trouble: troubleOf(error) });
    }
  };

  const items = examined?.state === 'ready' ? found(examined.value) : known(connection);
  // What is to be mended about it is among the findings.
  const lineage = examined?.state === 'ready' && secondLineage?.mend.length !== 0 ? null : secondLineage;
  return (
    <Popover
      className="details-popover"
      isOpen
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      triggerRef={{ current: at }}
      placement="right top"
      offset={4}
    >
      <AriaDialog className="details selectable">
        {examined?.state === 'loading' && <ProgressBar label="Looking at the connection" />}
        <Heading slot="title" className="details-title">
          {title}: {strength}
        </Heading>
        <p className="details-quiet">{STRENGTHS[strength]}</p>
        {items === null ? (
          <p>What its role can do on the server is known once somebody has connected.</p>
        ) : items.length === 0 ? (
          <p className="details-item">
            <MeaningIcon meaning="approved" />
            <span>Its role can do nothing that it does not need.</span>
          </p>
        ) : (
          <ul className="details-list">
            {items.map((item) => (
              <Weak key={item.sentence} item={item} />
            ))}
          </ul>
        )}
        {lineage !== null && <p className="details-quiet">Second lineage: {lineage.sentence}</p>}
        {examined?.state === 'failed' && (
          <Message meaning="refused" alert>
            {examined.trouble.message} {examined.trouble.next}
          </Message>
        )}
        <div className="details-actions">
          <Button onPress={() => void examine()}>{weaknesses === null ? 'Connect and look' : 'Look again'}</Button>
          <Button variant="quiet" slot="close">
            Close
          </Button>
        </div>
      </AriaDialog>
    </Popover>
  );
}

function Weak({ item: { meaning, sentence, mend } }: { item: Item }): ReactElement {
  const sql = mend.join('\n');
  return (
    <li className="details-item">
      <MeaningIcon meaning={meaning} label={meaning === 'refused' ? 'Refuses every session' : 'Weakness'} />
      <div>
        <p>
          <Shown text={sentence} />
        </p>
        {sql !== '' && (
          <div className="details-mend">
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
