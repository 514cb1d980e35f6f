import { type ResultColumnView } from '../../../shared/views.ts';

/** The cell that the inspector shows, and what surrounds it. */
export interface InspectedCell {
  readonly result: string;
  readonly row: number;
  readonly column: number;
  readonly columns: readonly ResultColumnView[];
  readonly connection: string;
  /** Why none of it may leave the screen, or null where it may. */
  readonly stays: string | null;
  /** Written across it, or null. */
  readonly watermark: string | null;
}
