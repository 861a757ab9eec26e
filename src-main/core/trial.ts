/** “Test” in a form: the cheapest real call with what was typed, keeping nothing. */
import { failure } from './errors.ts';
import type { Result } from './errors.ts';
import { grantOf } from './grants/all-grants.ts';
import type { GrantWorld } from './grants/grant.ts';
import { NO_SECRETS, withoutSecrets } from './secrets.ts';
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
    const { token: _inUse, ...typed } =
      changedSecrets(stored ?? NO_SECRETS, secretChanges, keeps) ?? stored ?? NO_SECRETS;
    const controller = new AbortController();
    const cancelTimer = world.clock.setTimer(TIME_LIMIT_MS, () => {
      controller.abort();
    });
    try {
      const outcome = await found.grant.test(world, {
        tenant,
        definition: found.definition,
        secrets: typed,
        signal: controller.signal,
        onPage: () => undefined,
      });
      return withoutSecrets(outcome, typed);
    } catch (cause) {
      return failure('internal', { cause });
    } finally {
      cancelTimer();
    }
  };
}
