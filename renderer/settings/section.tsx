import { type ReactElement, type ReactNode, useId } from 'react';
import { Button, Message, ProgressBar } from '../design/index.ts';
import { type Loadable } from '../state/trouble.ts';

/** One part of the settings: its heading, a sentence about it, what can be done with all of it, and its lines. */
export function Section({
  title,
  note,
  actions,
  children,
}: {
  title: string;
  note?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}): ReactElement {
  const id = useId();
  return (
    <section className="settings-section" aria-labelledby={id}>
      <header className="settings-head">
        <h2 id={id} className="settings-title">
          {title}
        </h2>
        {actions}
      </header>
      {note !== undefined && <p className="settings-note selectable">{note}</p>}
      {children}
    </section>
  );
}

/** What comes from the gate, once it is there; until then a bar, and a way to ask again where it is not to be had. */
export function Loaded<T>({
  value,
  label,
  onRetry,
  children,
}: {
  value: Loadable<T>;
  label: string;
  onRetry: () => void;
  children: (value: T) => ReactNode;
}): ReactNode {
  if (value.state === 'loading') return <ProgressBar label={label} />;
  if (value.state === 'failed')
    return (
      <Message meaning="refused" alert actions={<Button onPress={onRetry}>Try again</Button>}>
        {value.trouble.message} {value.trouble.next}
      </Message>
    );
  return children(value.value);
}

/** A fact and its name. */
export function Fact({ name, children }: { name: string; children: ReactNode }): ReactElement {
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd className="selectable">{children}</dd>
    </div>
  );
}
