import { Fragment, type ReactElement, type ReactNode } from 'react';
import { Group, Panel, Separator } from 'react-resizable-panels';
import './split.css';

export interface SplitArea {
  /** Stable: the size is remembered under it. */
  readonly id: string;
  readonly label: string;
  /** `260px`, or a percentage such as `45%`; without it the area takes what the others leave. */
  readonly size?: string;
  readonly least: string;
  /** Keeps its pixels when the window changes size. */
  readonly fixed?: boolean;
  readonly content: ReactNode;
}

/** Areas side by side or one above the other; every border drags, and a double click on it resets. */
export function Split({
  orientation,
  areas,
  sizes,
  onResized,
}: {
  orientation: 'horizontal' | 'vertical';
  areas: readonly SplitArea[];
  /** Remembered sizes in percent by area; used when every area has one. */
  sizes: Readonly<Record<string, number>>;
  onResized: (sizes: Readonly<Record<string, number>>) => void;
}): ReactElement {
  const remembered = areas.every((area) => sizes[area.id] !== undefined)
    ? { defaultLayout: Object.fromEntries(areas.map((area) => [area.id, sizes[area.id] ?? 0])) }
    : {};
  return (
    <Group
      orientation={orientation}
      className="split"
      {...remembered}
      onLayoutChanged={(layout, meta) => {
        if (meta.isUserInteraction) onResized(layout);
      }}
    >
      {areas.map((area, index) => (
        <Fragment key={area.id}>
          {index > 0 && (
            <Separator className={`split-line split-line-${orientation}`} aria-label={`Resize ${area.label}`} />
          )}
          <Panel
            id={area.id}
            className="split-area"
            {...(area.size === undefined ? {} : { defaultSize: area.size })}
            minSize={area.least}
            groupResizeBehavior={area.fixed === true ? 'preserve-pixel-size' : 'preserve-relative-size'}
          >
            {area.content}
          </Panel>
        </Fragment>
      ))}
    </Group>
  );
}
