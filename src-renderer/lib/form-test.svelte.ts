/** The test of a form: what came of the last one, as long as what it was about still stands there. */
import type { Answer, TenantDraft, TestReport } from '../../src-main/contract/ipc.ts';
import type { FormState } from './form-state.svelte.ts';

/** Tries what is entered, saving nothing. */
export type SendTest = (draft: TenantDraft) => Promise<Answer<TestReport>>;

interface Run {
  readonly edition: number;
  readonly outcome: Answer<TestReport> | 'running';
}

export class FormTest {
  readonly #form: FormState;
  readonly #send: SendTest;
  #last = $state.raw<Run | null>(null);

  constructor(form: FormState, send: SendTest) {
    this.#form = form;
    this.#send = send;
  }

  get outcome(): Answer<TestReport> | 'running' | null {
    return this.#last?.edition === this.#form.edition ? this.#last.outcome : null;
  }

  /** Answers false when a field has to be corrected; the form then says what is wrong with it. */
  async run(): Promise<boolean> {
    const form = this.#form;
    if (this.outcome === 'running') return true;
    const draft = form.draft();
    if (form.firstObjection({ nameToo: false }) !== null) return false;
    const run: Run = { edition: form.edition, outcome: 'running' };
    this.#last = run;
    // A test does not wait for a name to be thought of
    const name = draft.name === '' ? form.provider.name : draft.name;
    const outcome = await this.#send({ ...draft, name });
    if (this.#last !== run || this.outcome === null) return true;
    const objections = outcome.ok ? {} : (outcome.error.fields ?? {});
    if (outcome.ok || !form.fields.some((field) => field.name in objections)) {
      this.#last = { ...run, outcome };
      return true;
    }
    this.#last = null;
    form.refuse(outcome.error);
    return false;
  }

  dismiss(): void {
    this.#last = null;
  }
}
