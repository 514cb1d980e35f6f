import { type ReactElement } from 'react';
import { Label } from 'react-aria-components/Label';
import { Radio, RadioGroup } from 'react-aria-components/RadioGroup';
import { commands, setTheme } from '../commands/commands.ts';
import { Shortcut, type Theme } from '../design/index.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { Section } from './section.tsx';

const themes: readonly (readonly [Theme, string])[] = [
  ['system', 'As the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
  ['high-contrast', 'High contrast'],
];

/** The theme, and every command with its keys. */
export function Appearance(): ReactElement {
  const workbench = useWorkbench();
  const theme = useStore(workbench.workspace, (workspace) => workspace.theme);
  return (
    <Section title="Appearance">
      <RadioGroup
        className="theme-choice"
        value={theme}
        onChange={(value) => {
          setTheme(workbench, value as Theme);
        }}
      >
        <Label className="settings-label">Theme</Label>
        <div className="choice">
          {themes.map(([name, words]) => (
            <Radio key={name} value={name} className="choice-option">
              {words}
            </Radio>
          ))}
        </div>
      </RadioGroup>
      <table className="facts settings-keys-table">
        <caption>Keys</caption>
        <tbody>
          {commands
            .filter(({ keys }) => keys.length > 0)
            .map(({ id, title, keys }) => (
              <tr key={id}>
                <th scope="row">{title}</th>
                <td className="settings-keys">
                  {keys.map((combination) => (
                    <Shortcut key={combination} keys={combination} />
                  ))}
                </td>
              </tr>
            ))}
        </tbody>
      </table>
    </Section>
  );
}
