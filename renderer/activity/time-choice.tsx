import { type ReactElement, useState } from 'react';
import { Dialog, DialogTrigger } from 'react-aria-components/Dialog';
import { Popover } from 'react-aria-components/Popover';
import { type ActivityRange } from '../../shared/views.ts';
import { Button, Icon, TextField } from '../design/index.ts';
import { chartBounds, exactRange, fromInput, spans, toInput } from './time-range.ts';
import { rangeWords, zoneName } from './times.ts';

const SHAPE = '2026-01-31 18:00:00';

const wrong = (text: string): boolean => Number.isNaN(fromInput(text));

/** The times looked at: a span up to now, or exact ends in the local zone. */
export function TimeChoice({
  range,
  onRange,
}: {
  range: ActivityRange;
  onRange: (range: ActivityRange) => void;
}): ReactElement {
  return (
    <DialogTrigger>
      <Button icon="history" aria-label={`Times: ${rangeWords(range)}`} className="time-button">
        {rangeWords(range)} <Icon name="chevron-down" />
      </Button>
      <Popover className="menu-popover field-popover" placement="bottom end" offset={2}>
        <Dialog className="field-dialog" aria-label="Times">
          {({ close }) => (
            <Times
              range={range}
              onRange={(next) => {
                onRange(next);
                close();
              }}
            />
          )}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

function Times({ range, onRange }: { range: ActivityRange; onRange: (range: ActivityRange) => void }): ReactElement {
  const [now] = useState(() => Date.now());
  const bounds = chartBounds(range, now);
  const [from, setFrom] = useState(bounds.from === 0 ? '' : toInput(bounds.from));
  const [to, setTo] = useState(toInput(bounds.to));
  const exact = exactRange(fromInput(from), fromInput(to));
  return (
    <>
      <ul className="field-list" aria-label="Up to now">
        {spans.map(({ span, label }) => {
          const chosen = range.kind === 'last' && range.span === span;
          return (
            <li key={span}>
              <button
                type="button"
                className="field-choice"
                autoFocus={chosen}
                aria-pressed={chosen}
                onClick={() => {
                  onRange({ kind: 'last', span });
                }}
              >
                <Icon name={chosen ? 'check' : 'blank'} />
                {label}
              </button>
            </li>
          );
        })}
      </ul>
      <form
        className="time-exact"
        onSubmit={(event) => {
          event.preventDefault();
          if (exact !== null) onRange(exact);
        }}
      >
        <TextField label="From" code placeholder={SHAPE} isInvalid={wrong(from)} value={from} onChange={setFrom} />
        <TextField label="To" code placeholder={SHAPE} isInvalid={wrong(to)} value={to} onChange={setTo} />
        <p className="time-zone">{zoneName(now)}</p>
        <Button type="submit" isDisabled={exact === null}>
          Show these times
        </Button>
      </form>
    </>
  );
}
