// Where things are, independent of the folder a command was started from.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot = fileURLToPath(new URL('../../', import.meta.url));
export const nodeModules = join(projectRoot, 'node_modules');
/** Scratch files of ours; gone with node_modules, so a stamp never outlives what it speaks of. */
export const cacheFolder = join(nodeModules, '.cache', 'bearer-tray');
