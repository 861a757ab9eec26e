/** The emulators' pages are bare HTML; here people look at them. */
import type { Emulator, SiteAnswer } from '../../tests/emulators/site.ts';

const DOCTYPE = '<!doctype html>';

const STYLE = `<style>
body { max-width: 20rem; margin: 3rem auto; padding: 0 1rem; font: 15px/1.5 system-ui, sans-serif; color: #20242c; }
h1 { font-size: 1.4rem; text-align: center; }
form, label { display: grid; gap: 0.7rem; }
label { gap: 0.2rem; }
input, button { box-sizing: border-box; width: 100%; padding: 0.5rem; font: inherit; border: 1px solid #b9c1cb; border-radius: 6px; }
button { border-color: #33475f; background: #33475f; color: #fff; }
</style>`;

/** The same emulator, in whose pages the eye finds its way. */
export function withReadablePages(emulator: Emulator): Emulator {
  const styled = (answer: SiteAnswer): SiteAnswer => {
    const { body } = answer;
    if (typeof body !== 'string' || !body.startsWith(DOCTYPE)) return answer;
    return { ...answer, body: body.replace(DOCTYPE, DOCTYPE + STYLE) };
  };
  return { ...emulator, site: async (request) => styled(await emulator.site(request)) };
}
