/** What every chapter of the story has at hand. */
import type { BearerTray } from '../../tests/harness/bearer-tray.ts';
import type { StubBrowser } from '../../tests/harness/browser.ts';
import type { Desktop } from '../../tests/harness/desktop.ts';
import type { Panel } from './panel.ts';
import type { Steps } from './steps.ts';
import type { World } from './world.ts';

export interface Stage {
  readonly desktop: Desktop;
  readonly panel: Panel;
  readonly world: World;
  /** What the app asks the system's browser to open. */
  readonly browser: StubBrowser;
  /** Tells, times and pictures one step. */
  readonly step: Steps['run'];
  /** The app that runs now. */
  readonly tray: BearerTray;
  /** Starts the app with the demo's profile and waits for its tray icon. */
  readonly start: () => Promise<void>;
}

export interface Chapter {
  readonly title: string;
  readonly tell: (stage: Stage) => Promise<void>;
}
