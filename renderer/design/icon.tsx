import { type ReactElement } from 'react';

/** A codicon. It is decoration unless it has a label: then it is announced, and shown as its title. */
export function Icon({ name, label, className }: { name: string; label?: string; className?: string }): ReactElement {
  const classes = `codicon codicon-${name}${className === undefined ? '' : ` ${className}`}`;
  return label === undefined ? (
    <span className={classes} aria-hidden="true" />
  ) : (
    <span className={classes} role="img" aria-label={label} title={label} />
  );
}
