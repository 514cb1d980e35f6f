import { type ReactElement } from 'react';
import { type MatrixCellView } from '../../shared/views.ts';
import { Icon } from '../design/index.ts';
import { looksOf } from './matrix-model.ts';

/** An effect by its sign, its word and its colour, and how many obligations come with it. */
export function Effect({ cell }: { cell: MatrixCellView }): ReactElement {
  const { word, icon, meaning } = looksOf(cell);
  return (
    <span className="policy-effect">
      <Icon name={icon} className={`meaning-${meaning}`} />
      <span>{word}</span>
      {cell.obligations.length > 0 && <span className="policy-quiet">+{cell.obligations.length}</span>}
    </span>
  );
}
