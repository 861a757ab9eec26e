#!/usr/bin/env node
// Makes a .deb with dpkg-deb from the arguments electron-builder gives to fpm, where fpm itself
// cannot be downloaded. Knows those arguments and no others; an unknown one is an error.

import { createHash } from 'node:crypto';
import {
  copyFileSync,
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';

const text = /** @type {const} */ ({ type: 'string' });
const list = /** @type {const} */ ({ type: 'string', multiple: true });

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'source-type': { ...text, short: 's' },
    'output-type': { ...text, short: 't' },
    force: { type: 'boolean' },
    debug: { type: 'boolean' },
    log: text,
    depends: { ...list, short: 'd' },
    'deb-recommends': list,
    'deb-compression': text,
    'deb-priority': text,
    architecture: text,
    'after-install': text,
    'after-remove': text,
    description: text,
    version: text,
    package: text,
    name: text,
    maintainer: text,
    vendor: text,
    url: text,
    category: text,
    license: text,
    iteration: text,
  },
});

/** dpkg-deb's names of what fpm calls by file suffix. */
const COMPRESSIONS = new Map([
  ['gz', 'gzip'],
  ['xz', 'xz'],
]);

if (values['output-type'] !== 'deb') {
  throw new Error(`Only deb packages can be made without fpm, not ${values['output-type']}.`);
}
const root = mkdtempSync(join(tmpdir(), 'bearer-tray-deb-'));
try {
  build(root);
} finally {
  rmSync(root, { recursive: true, force: true });
}

/** @param {string} folder */
function build(folder) {
  chmodSync(folder, 0o755);
  for (const mapping of positionals) place(folder, mapping);
  const files = filesBelow(folder);
  const control = join(folder, 'DEBIAN');
  mkdirSync(control);
  writeFileSync(join(control, 'control'), controlFile(files));
  writeFileSync(join(control, 'md5sums'), files.map((file) => md5Line(folder, file)).join(''));
  placeScript(values['after-install'], join(control, 'postinst'));
  placeScript(values['after-remove'], join(control, 'postrm'));

  const compression = COMPRESSIONS.get(values['deb-compression'] ?? 'xz');
  if (compression === undefined) throw new Error(`Unknown: ${values['deb-compression']}`);
  // --root-owner-group: files belong to root in the package, whoever builds it.
  const args = ['--root-owner-group', `-Z${compression}`, '--build', folder, required('package')];
  const { status, error } = spawnSync('dpkg-deb', args, { stdio: 'inherit' });
  if (status !== 0) throw error ?? new Error(`dpkg-deb ended with exit code ${status}.`);
}

/**
 * @param {string} folder
 * @param {string} mapping `source=target`; a source ending in / means what is inside it
 */
function place(folder, mapping) {
  const split = mapping.lastIndexOf('=');
  const target = join(folder, mapping.slice(split + 1));
  mkdirSync(dirname(target), { recursive: true });
  const source = mapping.slice(0, split);
  cpSync(source, target, { recursive: true, verbatimSymlinks: true });
  // Single files come from electron-builder's temporary folder, private to the user.
  if (!source.endsWith('/')) chmodSync(target, 0o644);
}

/**
 * @param {string | undefined} source
 * @param {string} target
 */
function placeScript(source, target) {
  if (source === undefined) return;
  copyFileSync(source, target);
  chmodSync(target, 0o755);
}

/**
 * @param {string} folder
 * @returns {string[]} regular files, symbolic links left out
 */
function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** @param {readonly string[]} files */
function controlFile(files) {
  const sizeBytes = files.reduce((sum, file) => sum + lstatSync(file).size, 0);
  const revision = values.iteration === undefined ? '' : `-${values.iteration}`;
  /** @type {readonly (readonly [string, string | undefined])[]} */
  const fields = [
    ['Package', required('name')],
    ['Version', `${required('version')}${revision}`],
    ['Architecture', required('architecture')],
    ['Maintainer', required('maintainer')],
    ['Installed-Size', String(Math.ceil(sizeBytes / 1024))],
    ['Depends', values.depends?.join(', ')],
    ['Recommends', values['deb-recommends']?.join(', ')],
    ['Section', values.category ?? 'misc'],
    ['Priority', values['deb-priority'] ?? 'optional'],
    ['Homepage', values.url],
    ['Description', descriptionField(required('description'))],
  ];
  const lines = fields.filter(([, value]) => value).map(([name, value]) => `${name}: ${value}\n`);
  return lines.join('');
}

/**
 * First line the synopsis, the others indented by a space (Debian Policy 5.6.13).
 *
 * @param {string} description
 */
function descriptionField(description) {
  const lines = description.trim().split('\n');
  return lines.map((line) => line.trim() || '.').join('\n ');
}

/**
 * @param {string} folder
 * @param {string} file
 */
function md5Line(folder, file) {
  const sum = createHash('md5').update(readFileSync(file)).digest('hex');
  return `${sum}  ${relative(folder, file)}\n`;
}

/** @param {'name' | 'version' | 'architecture' | 'maintainer' | 'description' | 'package'} name */
function required(name) {
  const value = values[name];
  if (value === undefined) throw new Error(`--${name} is missing.`);
  return value;
}
