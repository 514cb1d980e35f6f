import { type ReactElement } from 'react';
import { Label } from 'react-aria-components/Label';
import { Radio, RadioGroup } from 'react-aria-components/RadioGroup';
import { type AppInfo } from '../../shared/views.ts';
import { commands, setTheme } from '../commands/commands.ts';
import { Shortcut, type Theme } from '../design/index.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import '../verify/verify.css';
import './settings.css';

const themes: readonly (readonly [Theme, string])[] = [
  ['system', 'As the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
  ['high-contrast', 'High contrast'],
];

/** The theme, and every command with its keys. */
export function SettingsView({ info }: { info: AppInfo }): ReactElement {
  const workbench = useWorkbench();
  const theme = useStore(workbench.workspace, (workspace) => workspace.theme);
  return (
    <section className="page" aria-labelledby="settings-title">
      <div className="page-body">
        <h1 id="settings-title" className="page-title">
          Settings
        </h1>
        <RadioGroup
          className="theme-choice"
          value={theme}
          onChange={(value) => {
            setTheme(workbench, value as Theme);
          }}
        >
          <Label>Theme</Label>
          <div className="theme-options">
            {themes.map(([name, words]) => (
              <Radio key={name} value={name} className="theme-option">
                {words}
              </Radio>
            ))}
          </div>
        </RadioGroup>
        <table className="facts">
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
        <p className="page-note selectable">Countersign {info.version}</p>
      </div>
    </section>
  );
}
