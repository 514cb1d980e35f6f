import { type ReactElement, type ReactNode } from 'react';
import { Icon } from './icon.tsx';
import './message.css';

const signs = {
  read: 'info',
  write: 'warning',
  refused: 'circle-slash',
  masked: 'lock',
  approved: 'pass',
  waiting: 'clock',
} as const;

/** What a colour of ours means; each also has a sign, so that it is never colour alone. */
export type Meaning = keyof typeof signs;

export function MeaningIcon({ meaning, label }: { meaning: Meaning; label?: string }): ReactElement {
  return <Icon name={signs[meaning]} className={`meaning-${meaning}`} {...(label === undefined ? {} : { label })} />;
}

/** A sentence with its meaning's sign and tint, in place. `alert` is read aloud at once. */
export function Message({
  meaning,
  alert = false,
  children,
  actions,
}: {
  meaning: Meaning;
  alert?: boolean;
  children: ReactNode;
  actions?: ReactNode;
}): ReactElement {
  return (
    <div className={`message message-${meaning}`} {...(alert ? { role: 'alert' } : {})}>
      <MeaningIcon meaning={meaning} />
      <div className="message-words selectable">{children}</div>
      {actions}
    </div>
  );
}

/** A thin bar for what takes longer than a moment; it stays away for the first 150 ms and takes no room. */
export function ProgressBar({ label }: { label: string }): ReactElement {
  return <div className="progress-bar" role="progressbar" aria-label={label} />;
}
