// Everything a task needs before it can run, in the one order that works. Costs a few file reads
// when nothing is to do.

import { ensureDependencies } from './dependencies.mjs';
import { ensureElectron } from './electron.mjs';
import { checkNodeVersion } from './node-version.mjs';
import { ensureSystemPackages } from './system-packages.mjs';

/**
 * @typedef {object} TaskNeeds
 * @property {import('./electron.mjs').ElectronNeed} [electron] absent: runs without the binary
 * @property {readonly import('./system-requirements.mjs').RequirementSet[]} [system]
 */

/** @param {TaskNeeds} needs */
export async function setUp({ electron, system = [] }) {
  checkNodeVersion();
  await ensureSystemPackages(system);
  await ensureDependencies();
  if (electron !== undefined) await ensureElectron(electron);
}
