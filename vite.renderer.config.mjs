/** Builds our own pages. Nothing inline and nothing as a data: URL, because their CSP allows only files from `'self'`. */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

export default defineConfig({
  root: 'src-renderer',
  base: './',
  // The component styles become part of the one CSS file: `style-src 'self'` refuses <style> elements.
  plugins: [svelte({ configFile: false, emitCss: true })],
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    // The oldest line that the app runs on is Electron 42.
    target: 'chrome146',
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: false,
  },
});
