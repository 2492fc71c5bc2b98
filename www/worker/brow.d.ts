/**
 * The engine as wasm-bindgen exposes it (src/web/mod.rs). What is thrown is a Fault. Images are RGBA, 8 bits each, row by
 * row; coordinates are pixels of the frame, x to the right, y down.
 */
import type { EnrolStep, ListReading, Mask, Observation, PhotoFound, PresencePolicy, Quality, Timings } from '../types.js';

export interface CapturedFace {
  templates: Uint8Array[];
  mask: Mask;
  quality: Quality;
  /** The id of somebody enrolled already whom the face matches. */
  resembles: string | null;
  /** The aligned face, only for a picture that was asked for. */
  best: { rgba: Uint8Array; width: number; height: number };
}

export interface TemplateInfo {
  /** `full` is null for a covered face. */
  models: { full: string | null; periocular: string };
  mask: Mask;
  /** 0..1 */
  quality: number;
}

export class Engine {
  /** @param manifest the text of models/manifest.json */
  constructor(manifest: string);
  models(): { role: string; id: string; file: string }[];
  /** Checks length and SHA-256. @param digest the SHA-256 of `bytes`, by the browser */
  addModel(role: string, bytes: Uint8Array, digest: Uint8Array): void;
  observe(rgba: Uint8Array, width: number, height: number, timeMs: number): Observation[];
  resetTracks(): void;
  lastTimings(): Timings;
  enrolBegin(): void;
  enrolFrame(rgba: Uint8Array, width: number, height: number, timeMs: number): EnrolStep;
  enrolFinish(): CapturedFace;
  enrolPhoto(rgba: Uint8Array, width: number, height: number): CapturedFace;
  /** Gives the memory up; nothing may be called afterwards. */
  free(): void;
  identifyPhoto(rgba: Uint8Array, width: number, height: number): Observation[];
  putPerson(id: string, templates: Uint8Array[]): {
    accepted: number;
    refused: { index: number; code: string; message: string }[];
  };
  /** Which templates earlier networks made; `due`: there are no others. */
  outdated(templates: Uint8Array[]): { references: number[]; due: boolean };
  /** The template of the face on a kept picture. */
  remake(rgba: Uint8Array, width: number, height: number): Uint8Array;
  removePerson(id: string): boolean;
  clearGallery(): void;
  people(): number;
  references(): number;
  verify(id: string, rgba: Uint8Array, width: number, height: number): Observation[];
  setTarget(fmr: number): void;
  /** What is asked of presence; the seed, two random numbers of 32 bits, decides which turns are asked for. */
  setPresence(policy: PresencePolicy, seedHigh: number, seedLow: number): void;
  needed(): number;
  protect(template: Uint8Array, key: Uint8Array): Uint8Array;
  unprotect(template: Uint8Array, key: Uint8Array): Uint8Array;
  templateInfo(template: Uint8Array): TemplateInfo;
}

/** What a file is. `decode` gives null where an encoding has no such bytes. */
export function listEncoding(bytes: Uint8Array, decode: (label: string, bytes: Uint8Array) => string | null):
  { label: string; unsure: boolean } | { refused: 'workbook' | 'binary' };
/** @param text composed (NFC) @param choices JSON of ListChoices without its encoding @param most guests */
export function listRead(text: string, choices: string, most: number): Omit<ListReading, 'encoding' | 'unsure' | 'broken'>;
/** @param paths JSON of `[wanted, files]` */
export function listPhotos(paths: string): PhotoFound[];
/** @param rows JSON of cells, row by row */
export function listWrite(rows: string): string;

export default function init(options: { module_or_path: WebAssembly.Module }): Promise<unknown>;
