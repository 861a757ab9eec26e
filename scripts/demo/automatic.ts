/** The demo without a person: a desktop of its own, the story told step by step, pictures of every step. */
import { mkdtempSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { launchBearerTray, seedProfile, type BearerTray } from '../../tests/harness/bearer-tray.ts';
import { stubBrowser } from '../../tests/harness/browser.ts';
import { startDesktop } from '../../tests/harness/desktop.ts';
import { withTimeLimit } from '../../tests/harness/waiting.ts';
import { projectRoot } from '../setup/paths.mjs';
import { Panel } from './panel.ts';
import type { Stage } from './stage.ts';
import { StepFailure, Steps } from './steps.ts';
import { STORY } from './story.ts';
import { googleTenant, openTenants } from './tenants.ts';
import { startWorld } from './world.ts';

const PICTURES = join(projectRoot, 'demo-output');
const OUTPUT_LINES_TOLD = 20;

/** Answers the exit code; leaves nothing running. */
export async function runAutomatic(): Promise<number> {
  console.log('Bearer Tray shows itself on a desktop of its own: this takes about a minute.');
  const world = await startWorld();
  const desktop = await startDesktop();
  let tray: BearerTray | undefined;
  try {
    const panel = await Panel.open(desktop);
    const browser = stubBrowser(desktop);
    const steps = new Steps(PICTURES, async (file) => {
      await painted(tray);
      await desktop.screenshot(file);
    });
    // Below the desktop's folder, so that it goes with it, however this ends.
    const userDataDir = mkdtempSync(join(desktop.directory, 'user-data-'));
    seedProfile(userDataDir, [...openTenants(world), googleTenant()]);
    const stage: Stage = {
      desktop,
      panel,
      world,
      browser,
      step: (...args) => steps.run(...args),
      get tray() {
        if (tray === undefined) throw new Error('the app has not been started yet');
        return tray;
      },
      start: async () => {
        const { internet } = world;
        tray = await launchBearerTray(desktop, { userDataDir, internet, env: browser.env });
      },
    };
    for (const { title, tell } of STORY) {
      console.log(`\n${title}`);
      await tell(stage);
    }
    panel.close();
    console.log(`\n${steps.summary()}. Pictures: ${relative(process.cwd(), PICTURES)}/`);
    return 0;
  } catch (error) {
    console.error(reportOf(error, tray?.app.output() ?? ''));
    return 1;
  } finally {
    await tray?.app.kill().catch(() => undefined);
    await desktop.stop();
    await world.stop();
  }
}

/** In a page: resolves when what moves has come to rest (a spinner never does) and two frames have been drawn. */
const AT_REST = `(async () => {
  const moving = document.getAnimations().filter(({ effect }) => Number.isFinite(effect.getComputedTiming().endTime));
  await Promise.allSettled(moving.map(({ finished }) => finished));
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
})()`;

/** Waits until every page shows what it has; a hidden one draws nothing, hence the limit. */
async function painted(tray: BearerTray | undefined): Promise<void> {
  const pages = tray?.app.pages() ?? [];
  await Promise.all(
    pages.map((page) =>
      withTimeLimit(page.evaluate(AT_REST), 1_000, 'a page to be drawn').catch(() => undefined),
    ),
  );
}

function reportOf(error: unknown, output: string): string {
  const lines = output
    .trimEnd()
    .split('\n')
    // Chromium looks for the system bus again and again; the demo's desktop has none.
    .filter((line) => !line.includes('no-system-bus'))
    .slice(-OUTPUT_LINES_TOLD)
    .join('\n');
  const pictures = `Pictures: ${relative(process.cwd(), PICTURES)}/`;
  if (!(error instanceof StepFailure)) {
    return `\nThe demo could not run: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
  const { cause } = error;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return `\n${error.message}\n${stripVTControlCharacters(reason)}\n\nLast output of the app:\n${lines}\n\n${pictures}`;
}
