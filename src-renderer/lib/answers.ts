/** What a command answers, also when main did not answer at all. */
import type { Answer, ErrorView } from '../../src-main/contract/ipc.ts';

/** A rejected call means that main did not answer: a failure like any other. */
export async function settled<Value>(call: Promise<Answer<Value>>): Promise<Answer<Value>> {
  try {
    return await call;
  } catch {
    return { ok: false, error: NO_ANSWER };
  }
}

const NO_ANSWER: ErrorView = {
  code: 'internal',
  message: 'Bearer Tray did not answer.',
  nextStep: 'Try again. If it happens again, quit and start the app.',
  remedy: 'none',
  detail: null,
  fields: null,
};

export const UNKNOWN_PROVIDER: ErrorView = {
  code: 'internal',
  message: 'This version of Bearer Tray does not know the provider of this tenant.',
  nextStep: 'Update Bearer Tray, or remove the tenant and add it again.',
  remedy: 'none',
  detail: null,
  fields: null,
};
