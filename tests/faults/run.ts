/**
 * `npm run test:faults`: does to the real app what days do to it (cut connections, killed
 * processes, locked keyrings, full disks), counts how often each promise was tried and broken, and
 * ends with 1 when one was. docs/promises.md
 */
import { parseArgs } from 'node:util';
import { startDesktop } from '../harness/desktop.ts';
import { ALL_CHAPTERS } from './chapters/all-chapters.ts';
import { durationText, optionsFrom, USAGE, type RunOptions } from './options.ts';
import { Results } from './results.ts';

const PROGRESS_EVERY_MS = 15_000;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      duration: { type: 'string' },
      seed: { type: 'string' },
      only: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const options = optionsFrom(values, ALL_CHAPTERS);
  if (typeof options === 'string') {
    console.error(`${options}\n${USAGE}`);
    return 1;
  }
  if (values.list) {
    list(options);
    return 0;
  }
  if (process.platform !== 'linux') {
    console.error('The fault bench needs the virtual desktop and signals, which only Linux has.');
    return 1;
  }
  return runAll(options);
}

function list({ chapters, shareMs }: RunOptions): void {
  for (const chapter of chapters) {
    console.log(`${chapter.name}  (${durationText(shareMs(chapter))})`);
    for (const { id, text } of chapter.promises) console.log(`  ${id}  ${text}`);
    if (chapter.longForm !== undefined) console.log(`  Long form: ${chapter.longForm}`);
  }
}

async function runAll({ chapters, seed, durationMs, shareMs }: RunOptions): Promise<number> {
  console.log(`seed ${seed}, ${durationText(durationMs)}, ${chapters.length} chapters`);
  const startedAtMs = Date.now();
  const say = (line: string) => {
    console.log(`[${durationText(Date.now() - startedAtMs).padStart(7)}] ${line}`);
  };
  const results = new Results(chapters, say);
  for (const chapter of chapters) {
    say(`${chapter.name}, ${durationText(shareMs(chapter))}`);
    // One each: what a chapter does to its keyring or its panel is not another's
    const desktop = await startDesktop();
    const ticker = setInterval(() => say(`  ${results.progress(chapter)}`), PROGRESS_EVERY_MS);
    try {
      await results.run(
        chapter,
        results.benchFor(chapter, { seed, desktop, shareMs: shareMs(chapter) }),
      );
    } finally {
      clearInterval(ticker);
      await desktop.stop();
    }
    say(`  ${results.progress(chapter)}`);
  }
  console.log(`\n${results.report()}\n\nseed ${seed}`);
  return results.faults().length === 0 ? 0 : 1;
}

process.exit(await main());
