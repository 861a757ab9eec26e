/** What the demo shows, in the order in which a new user would meet it; every claim is checked from outside the app. */
import { business } from './chapters/business.ts';
import { anySystem } from './chapters/any-system.ts';
import { copying } from './chapters/copying.ts';
import { firstToken } from './chapters/first-token.ts';
import { leaving } from './chapters/leaving.ts';
import { presets } from './chapters/presets.ts';
import { renewal } from './chapters/renewal.ts';
import { teleTracker } from './chapters/teletracker.ts';
import type { Chapter } from './stage.ts';

export const STORY: readonly Chapter[] = [
  firstToken,
  business,
  teleTracker,
  anySystem,
  presets,
  copying,
  renewal,
  leaving,
];
