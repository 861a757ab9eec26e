/**
 * How every tool (Vite, svelte-check, ESLint) reads our components: Svelte 5 runes, TypeScript as
 * Svelte itself strips it. No preprocessor, because `erasableSyntaxOnly` leaves nothing to transform.
 *
 * @type {import('@sveltejs/vite-plugin-svelte').SvelteConfig}
 */
export default {
  compilerOptions: { runes: true },
};
