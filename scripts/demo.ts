/**
 * `npm run demo`: Bearer Tray with an authorization server of its own, and nothing left behind.
 * On a desktop the person tries it; without one, or with --auto, it shows itself and takes pictures.
 */
import { parseArgs } from 'node:util';
import { runAutomatic } from './demo/automatic.ts';
import { runInteractive } from './demo/interactive.ts';

const USAGE = `npm run demo [-- --auto]
  --auto  show itself on a desktop of its own (Linux), pictures in demo-output/, also where there is a display`;

function hasDisplay(): boolean {
  if (process.platform !== 'linux') return true;
  return Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { auto: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  const automatic = values.auto === true || !hasDisplay();
  if (!automatic) return runInteractive();
  if (process.platform !== 'linux') {
    console.error('--auto needs the virtual desktop that only Linux has. Start it without.');
    return 1;
  }
  return runAutomatic();
}

// Not only the exit code: what a failed step was waiting for must not hold the process.
process.exit(await main());
