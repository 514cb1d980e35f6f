import { type ReactElement, type ReactNode, type Ref } from 'react';
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from 'react-aria-components/Button';
import { Icon } from './icon.tsx';
import { keysInWords } from './shortcut.tsx';
import { WithTooltip } from './tooltip.tsx';
import './button.css';

export interface ButtonProps extends Omit<AriaButtonProps, 'children' | 'className' | 'style'> {
  readonly variant?: 'primary' | 'secondary' | 'quiet' | 'danger';
  readonly icon?: string;
  /** Shown behind the words, such as `Ctrl+Enter`. */
  readonly shortcut?: string;
  readonly children: ReactNode;
  readonly className?: string;
  readonly ref?: Ref<HTMLButtonElement>;
}

/** One button for every place. `primary` at most once in a view: the one next step. */
export function Button({
  variant = 'secondary',
  icon,
  shortcut,
  children,
  className,
  ...rest
}: ButtonProps): ReactElement {
  return (
    <AriaButton {...rest} className={`button button-${variant}${className === undefined ? '' : ` ${className}`}`}>
      {icon !== undefined && <Icon name={icon} />}
      <span className="button-words">{children}</span>
      {shortcut !== undefined && (
        <span className="button-shortcut" aria-hidden="true">
          {keysInWords(shortcut)}
        </span>
      )}
    </AriaButton>
  );
}

export interface IconButtonProps extends Omit<AriaButtonProps, 'children' | 'className' | 'style' | 'aria-label'> {
  readonly icon: string;
  /** What it does: its name for everybody, read aloud and shown as the tooltip. */
  readonly label: string;
  readonly shortcut?: string;
  readonly className?: string;
}

/** A button that is only a sign; its label is the tooltip. */
export function IconButton({ icon, label, shortcut, className, ...rest }: IconButtonProps): ReactElement {
  return (
    <WithTooltip text={label} {...(shortcut === undefined ? {} : { shortcut })}>
      <AriaButton
        {...rest}
        aria-label={label}
        className={`icon-button${className === undefined ? '' : ` ${className}`}`}
      >
        <Icon name={icon} />
      </AriaButton>
    </WithTooltip>
  );
}
