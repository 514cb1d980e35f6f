import { type Link } from '../../shared/rpc/types.ts';

/** Why there is no link and will be none: a heading and what to do, for the person. */
export class LinkRefused extends Error {
  readonly heading: string;

  constructor(heading: string, message: string) {
    super(message);
    this.heading = heading;
  }
}

export interface Dialled {
  readonly link: Link;
  /** Known once the link has closed: why no other should be made, or null when trying again makes sense. */
  refusal(): LinkRefused | null;
}

/** Makes one link. Rejects with LinkRefused when there is no use in trying again, with anything else when there is. */
export type Dial = () => Promise<Dialled>;
