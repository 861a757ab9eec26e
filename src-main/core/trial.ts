/** “Test” in a form: the cheapest real call with what was typed, keeping nothing. */
import { failure } from './errors.ts';
import type { Result } from './errors.ts';
import { grantOf } from './grants/all-grants.ts';
import type { GrantWorld } from './grants/grant.ts';
import { changedSecrets, judgeDraft } from './tenant-changes.ts';
import type { DraftWorld } from './tenant-changes.ts';
import type { TenantDraft } from './tenant.ts';

/** Answers one sentence about what came back; refuses a draft like saving does. */
export type TestDraft = (draft: TenantDraft) => Promise<Result<string>>;

/** Longer than a slow server takes, shorter than patience. */
const TIME_LIMIT_MS = 60_000;

export function createTrial(draftWorld: DraftWorld, world: GrantWorld): TestDraft {
  return async (draft) => {
    const judged = await judgeDraft(draft, draft.id ?? crypto.randomUUID(), draftWorld);
    if (!judged.ok) return judged;
    const { tenant, secretChanges, keeps, stored } = judged.value;
    const found = grantOf(tenant, draftWorld.providers);
    if (found === undefined) return failure('provider-unknown');
    const { token: _inUse, ...typed } = changedSecrets(stored, secretChanges, keeps) ?? stored;
    const controller = new AbortController();
    const cancelTimer = world.clock.setTimer(TIME_LIMIT_MS, () => {
      controller.abort();
    });
    try {
      return await found.grant.test(world, {
        tenant,
        definition: found.definition,
        secrets: typed,
        signal: controller.signal,
        onPage: () => undefined,
      });
    } catch (cause) {
      return failure('internal', { cause });
    } finally {
      cancelTimer();
    }
  };
}
