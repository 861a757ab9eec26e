/**
 * Draws the PNGs in assets/ from the SVGs beside them. Run by hand after changing one: `electron scripts/icons.mjs`
 * (as root on Linux with --no-sandbox). The PNGs are committed, so that a build needs no display.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { app, BrowserWindow } from 'electron';

const ASSETS = new URL('../assets/', import.meta.url);
const TRAY_STATES = ['calm', 'renewing', 'attention'];

/** Ink by the colour of the panel the icon is for; macOS colours its "Template" images itself, by their opacity alone. */
const TRAY_VARIANTS = [
  { suffix: '-light', ink: '#33363f', alert: '#c2410c' },
  { suffix: '-dark', ink: '#f4f5f8', alert: '#ffb257' },
  { suffix: 'Template', ink: '#000000', alert: '#000000' },
];

/** Panels draw 22 px icons unscaled, and 44 px ones on screens with twice the density. */
const TRAY_SIZES = [
  { suffix: '', pixels: 22 },
  { suffix: '@2x', pixels: 44 },
];

void main();

// Not awaited above: Electron is ready only after this module has been evaluated.
async function main() {
  try {
    await app.whenReady();
    await drawAll();
    app.quit();
  } catch (error) {
    console.error(error);
    app.exit(1);
  }
}

async function drawAll() {
  const page = new BrowserWindow({ show: false });
  await page.loadURL('about:blank');

  await draw(page, 'icon.svg', 'icon.png', 512, '');
  for (const state of TRAY_STATES) {
    for (const variant of TRAY_VARIANTS) {
      const style =
        `.fill{fill:${variant.ink}}.alert{fill:${variant.alert}}` +
        `.line{fill:none;stroke:${variant.ink};stroke-width:2;stroke-linecap:round}`;
      for (const size of TRAY_SIZES) {
        const png = `tray/${state}${variant.suffix}${size.suffix}.png`;
        await draw(page, `tray/${state}.svg`, png, size.pixels, style);
      }
    }
  }
}

/**
 * Chromium rasterises the vector at exactly this size: nothing is scaled afterwards.
 * @param {BrowserWindow} page
 * @param {string} source
 * @param {string} target
 * @param {number} pixels
 * @param {string} style
 */
async function draw(page, source, target, pixels, style) {
  const svg = (await readFile(new URL(source, ASSETS), 'utf8'))
    .replace('<svg ', `<svg width="${pixels}" height="${pixels}" `)
    .replace('</svg>', `<style>${style}</style></svg>`);
  const address = `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
  /** @type {string} */
  const png = await page.webContents.executeJavaScript(`(async () => {
    const image = new Image();
    image.src = ${JSON.stringify(address)};
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = ${pixels};
    canvas.getContext('2d').drawImage(image, 0, 0);
    return canvas.toDataURL('image/png');
  })()`);
  await writeFile(new URL(target, ASSETS), Buffer.from(png.slice(png.indexOf(',') + 1), 'base64'));
}
