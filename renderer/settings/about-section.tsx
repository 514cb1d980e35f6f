import { type ReactElement } from 'react';
import { type AppInfo } from '../../shared/views.ts';
import { Message } from '../design/index.ts';
import { Fact, Section } from './section.tsx';

export function AboutSection({ info }: { info: AppInfo }): ReactElement {
  return (
    <Section title="About">
      <dl>
        <Fact name="Countersign">{info.version}</Fact>
        <Fact name="Organisation">{info.organisation}</Fact>
        <Fact name="Licence">Apache-2.0</Fact>
      </dl>
      {info.demonstration && (
        <Message meaning="read">
          This is the demonstration: the organisation is made up, and everything else is what a real one runs.
        </Message>
      )}
    </Section>
  );
}
