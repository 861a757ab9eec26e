/** The short form of the fault bench (`npm run test:faults`): each chapter once, with every promise tried. */
import { ALL_CHAPTERS } from '../faults/chapters/all-chapters.ts';
import { Results } from '../faults/results.ts';
import { expect, test } from '../harness/fixtures.ts';

for (const chapter of ALL_CHAPTERS) {
  const ids = [...new Set(chapter.promises.map(({ id }) => id))].join(' ');
  test(`${ids} ${chapter.name}: each fault once`, async ({ desktop }) => {
    test.setTimeout(180_000);
    await desktop.notifications.clear();
    const results = new Results([chapter], () => undefined);
    await results.run(chapter, results.benchFor(chapter, { seed: 1, desktop, shareMs: 0 }));
    expect(results.faults()).toEqual([]);
  });
}
