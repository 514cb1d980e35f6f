import { type Page } from 'playwright-core';

/** A page of the gallery, and what is done on it before its picture is taken. */
export interface Shot {
  readonly page: string;
  readonly act?: (page: Page) => Promise<void>;
  /** Also in the smallest window that must work. */
  readonly small?: boolean;
}
