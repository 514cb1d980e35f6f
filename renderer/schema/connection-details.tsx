import { type ReactElement } from 'react';
import { Dialog as AriaDialog, Heading } from 'react-aria-components/Dialog';
import { Popover } from 'react-aria-components/Popover';
import { type ConnectionView } from '../../shared/views.ts';
import { Button, Message, ProgressBar } from '../design/index.ts';
import { type Workbench } from '../state/workbench.ts';
import { STRENGTHS, StrengthIcon, useExamination, Weaknesses } from './connection-strength.tsx';
import './connection-details.css';

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
  const { examined, examine } = useExamination(workbench, connection);
  const { title, strength, weaknesses } = connection;
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
          <StrengthIcon strength={strength} /> {title}: {strength}
        </Heading>
        <p className="weak-quiet">{STRENGTHS[strength]}</p>
        <Weaknesses connection={connection} examined={examined} />
        {examined?.state === 'failed' && (
          <Message meaning="refused" alert>
            {examined.trouble.message} {examined.trouble.next}
          </Message>
        )}
        <div className="details-actions">
          <Button onPress={examine}>{weaknesses === null ? 'Connect and look' : 'Look again'}</Button>
          <Button variant="quiet" slot="close">
            Close
          </Button>
        </div>
      </AriaDialog>
    </Popover>
  );
}
