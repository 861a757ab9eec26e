// Refuses a Node that is too old, before anything else can fail in a way nobody understands.

import { SetupError } from './console.mjs';

/** vite and eslint need it; it is also the first with require() of ES modules switched on. */
const OLDEST = [20, 19];

export function checkNodeVersion() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new SetupError(
    `Node ${OLDEST.join('.')} or newer is needed, this is ${process.versions.node}. ` +
      'Get a current one from https://nodejs.org/ and run the command again.',
  );
}
