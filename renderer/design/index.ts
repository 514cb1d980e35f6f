/** The parts every view is made of. Views import from here and write no colour, size or behaviour of their own. */
export { Button, type ButtonProps, IconButton, type IconButtonProps } from './button.tsx';
export { Dialog } from './dialog.tsx';
export { EnvironmentBadge, environmentEdge, EnvironmentMark, environmentName } from './environment.tsx';
export { Icon } from './icon.tsx';
export { ContextMenu, Menu, type MenuEntry } from './menu.tsx';
export { type Meaning, MeaningIcon, Message, ProgressBar } from './message.tsx';
export { EmptyState, Panel } from './panel.tsx';
export { Shortcut } from './shortcut.tsx';
export { Split, type SplitArea } from './split.tsx';
export { type TabItem, Tabs } from './tabs.tsx';
export { TextField, type TextFieldProps } from './text-field.tsx';
export { applyTheme, onThemeChange, readColor, readHex, readToken, shownTheme, type Theme } from './theme.ts';
export { WithTooltip } from './tooltip.tsx';
