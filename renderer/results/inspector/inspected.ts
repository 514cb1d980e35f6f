import { type ResultColumnView } from '../../../shared/views.ts';

/** The cell that the inspector shows, and what surrounds it. */
export interface InspectedCell {
  readonly result: string;
  readonly row: number;
  readonly column: number;
  readonly columns: readonly ResultColumnView[];
}
