import { type ReactElement, type ReactNode, type Ref } from 'react';
import { Input } from 'react-aria-components/Input';
import { Label } from 'react-aria-components/Label';
import { Text } from 'react-aria-components/Text';
import { TextField as AriaTextField, type TextFieldProps as AriaTextFieldProps } from 'react-aria-components/TextField';
import { Icon } from './icon.tsx';
import './text-field.css';

export interface TextFieldProps extends Omit<AriaTextFieldProps, 'children' | 'className' | 'style'> {
  readonly label: string;
  /** The label is read aloud and shown as the placeholder only. */
  readonly quiet?: boolean;
  readonly icon?: string;
  readonly placeholder?: string;
  readonly hint?: ReactNode;
  /** Monospaced: URLs, names, code. */
  readonly code?: boolean;
  readonly inputRef?: Ref<HTMLInputElement>;
}

/** One line of text with its label. */
export function TextField({
  label,
  quiet = false,
  icon,
  placeholder,
  hint,
  code = false,
  inputRef,
  ...rest
}: TextFieldProps): ReactElement {
  return (
    <AriaTextField {...rest} {...(quiet ? { 'aria-label': label } : {})} className="text-field">
      {!quiet && <Label className="text-field-label">{label}</Label>}
      <div className={code ? 'text-field-box text-field-code' : 'text-field-box'}>
        {icon !== undefined && <Icon name={icon} />}
        <Input
          {...(inputRef === undefined ? {} : { ref: inputRef })}
          placeholder={placeholder ?? (quiet ? label : '')}
          spellCheck={false}
        />
      </div>
      {hint !== undefined && (
        <Text slot="description" className="text-field-hint">
          {hint}
        </Text>
      )}
    </AriaTextField>
  );
}
