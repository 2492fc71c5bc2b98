/** What <brow-recogniser> adds to the types of the DOM. */
import type { BrowRecogniser, FaceNow, PersonName, PresenceNow } from './element.js';
import type { Fault, LiveLook, Look, Mask, MaskState, Progress } from '../types.js';

/** What events tell of a face. */
export type FaceDetail = Pick<FaceNow, 'track' | 'score' | 'needed' | 'mask' | 'frames'>;

export interface BrowEventMap {
  'brow-match': CustomEvent<FaceDetail & { person: PersonName }>;
  'brow-unknown': CustomEvent<FaceDetail>;
  'brow-undecided': CustomEvent<FaceDetail & { reason: string }>;
  'brow-mask': CustomEvent<{ track: number } & Mask>;
  'brow-presence': CustomEvent<{ track: number } & PresenceNow>;
  'brow-gone': CustomEvent<{ track: number }>;
  'brow-enrolled': CustomEvent<{ person: PersonName }>;
  'brow-fault': CustomEvent<Fault>;
  'brow-progress': CustomEvent<Progress>;
  /** Every frame; does not bubble. */
  'brow-look': CustomEvent<LiveLook>;
}

declare global {
  interface HTMLElementTagNameMap {
    'brow-recogniser': BrowRecogniser;
  }
  interface GlobalEventHandlersEventMap extends BrowEventMap {}
}

export type { Fault, LiveLook, Look, Mask, MaskState, Progress };
export * from './element.js';
