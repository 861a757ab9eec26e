// The static checks, each a part of its own: format, lint, types, components, who imports whom.

import { join } from 'node:path';
import { nodeModules } from './paths.mjs';

/** @param {string} path below node_modules */
const tool = (path) => join(nodeModules, path);

/**
 * @param {{ fix: boolean }} options fix: lets prettier and eslint write
 * @returns {import('./parts.mjs').Part[]}
 */
export function checkParts({ fix }) {
  return [
    { name: 'lint', args: [tool('eslint/bin/eslint.js'), '.', ...(fix ? ['--fix'] : [])] },
    { name: 'types', args: [tool('typescript/bin/tsc'), '-b'] },
    {
      name: 'components',
      args: [
        tool('svelte-check/bin/svelte-check'),
        ...['--tsconfig', 'src-renderer/tsconfig.json', '--fail-on-warnings'],
      ],
    },
    {
      name: 'imports',
      args: [
        tool('dependency-cruiser/bin/dependency-cruise.mjs'),
        ...['--config', '.dependency-cruiser.cjs', 'src-main', 'src-renderer', 'tests'],
      ],
    },
    {
      name: 'format',
      args: [
        tool('prettier/bin/prettier.cjs'),
        fix ? '--write' : '--check',
        '.',
        '--log-level=warn',
      ],
    },
  ];
}
