import { type ReactElement, type ReactNode } from 'react';

/** A part of an event under its name. */
export function Section({ title, children }: { title: string; children: ReactNode }): ReactElement {
  return (
    <section className="detail-section">
      <h3 className="detail-label">{title}</h3>
      {children}
    </section>
  );
}
