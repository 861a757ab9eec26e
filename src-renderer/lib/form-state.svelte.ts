/** What has been entered in the form of one tenant, what is wrong with it, and the draft it makes. */
import type {
  ErrorView,
  FieldForm,
  GrantForm,
  ProviderForm,
  TenantDraft,
} from '../../src-main/contract/ipc.ts';
import { checkName, checkValue } from './checks.ts';

export class FormState {
  readonly provider: ProviderForm;
  readonly #start: TenantDraft;
  /** Entries as they were at the start, to tell whether anything would be lost by leaving. */
  readonly #untouched: string;

  grant = $state('');
  name = $state('');
  colour = $state('');
  notice = $state<TenantDraft['notice']>('default');
  values = $state<Record<string, string>>({});
  /** Typed secrets; null: the stored one is to be deleted; absent: it stays. */
  secrets = $state<Record<string, string | null>>({});
  #visited = $state<Record<string, true>>({});
  /** Fields whose control holds something that is not a value yet, e.g. half a date. */
  #unfinished = $state<Record<string, true>>({});
  #refused = $state.raw<ErrorView | null>(null);
  #edition = $state(0);

  constructor(provider: ProviderForm, start: TenantDraft) {
    this.provider = provider;
    this.#start = start;
    this.grant = start.grant;
    this.name = start.name;
    this.colour = start.colour;
    this.notice = start.notice;
    this.values = { ...initialValues(this.grantForm), ...start.values };
    this.#untouched = this.#fingerprint();
  }

  get isNew(): boolean {
    return this.#start.id === undefined;
  }

  get grantForm(): GrantForm | undefined {
    return this.provider.grants.find((grant) => grant.id === this.grant);
  }

  get fields(): readonly FieldForm[] {
    return this.grantForm?.fields ?? [];
  }

  /** Grows with every entry that a test of the form depends on. */
  get edition(): number {
    return this.#edition;
  }

  get isChanged(): boolean {
    return this.#fingerprint() !== this.#untouched;
  }

  /** The refusal of the last save, where it is not about a field that is shown. */
  get refusal(): ErrorView | null {
    const refused = this.#refused;
    if (refused === null) return null;
    const shown = ['name', ...this.fields.map((field) => field.name)];
    const named = Object.keys(refused.fields ?? {});
    return named.some((name) => shown.includes(name)) ? null : refused;
  }

  /** Fields of the same name are shared between grants: what was typed stays, what was only proposed is proposed anew. */
  chooseGrant(id: string): void {
    const proposed = initialValues(this.grantForm);
    this.grant = id;
    this.#edition += 1;
    for (const field of this.fields) {
      if (field.kind === 'secret') continue;
      const value = this.values[field.name];
      const isOffered =
        field.kind !== 'choice' || field.options.some((option) => option.value === value);
      if (value === undefined || value === proposed[field.name] || !isOffered) {
        this.values[field.name] = field.initial;
      }
    }
  }

  isStored(field: FieldForm): boolean {
    return this.#start.storedSecrets.includes(field.name);
  }

  /** What to show at the field: nothing before it has been left with an entry once, or a save was tried. */
  objection(name: string): string | null {
    const refused = this.#refused?.fields?.[name];
    if (refused !== undefined) return refused;
    return this.#visited[name] === true ? this.#check(name) : null;
  }

  /** To be called on leaving a field. One left empty is not complained of: what moves under a click swallows it. */
  visit(name: string): void {
    if (!this.#isEmpty(name)) this.#visited[name] = true;
  }

  setUnfinished(name: string, unfinished: boolean): void {
    if (unfinished) this.#unfinished[name] = true;
    else delete this.#unfinished[name];
  }

  /** To be called on every entry: what main said about the former text no longer holds. */
  touch(name: string): void {
    if (name !== 'name') this.#edition += 1;
    const refused = this.#refused;
    if (refused?.fields?.[name] === undefined) return;
    const { [name]: _outdated, ...others } = refused.fields;
    this.#refused = Object.keys(others).length === 0 ? null : { ...refused, fields: others };
  }

  /** Shows every objection; answers the first field that has one, in the order on screen. */
  firstObjection({ nameToo = true } = {}): string | null {
    const fields = this.fields.map((field) => field.name);
    const names = nameToo ? ['name', ...fields] : fields;
    for (const name of names) this.#visited[name] = true;
    return names.find((name) => this.objection(name) !== null) ?? null;
  }

  refuse(error: ErrorView): void {
    this.#refused = error;
  }

  draft(): TenantDraft {
    this.#refused = null;
    const values: Record<string, string> = {};
    const secrets: Record<string, string | null> = {};
    for (const field of this.fields) {
      if (field.kind !== 'secret') {
        values[field.name] = (this.values[field.name] ?? '').trim();
        continue;
      }
      const secret = this.secrets[field.name];
      if (secret !== undefined && secret !== '') secrets[field.name] = secret;
    }
    return {
      ...(this.#start.id === undefined ? {} : { id: this.#start.id }),
      providerId: this.provider.id,
      grant: this.grant,
      name: this.name.trim(),
      colour: this.colour,
      values,
      secrets,
      storedSecrets: [...this.#start.storedSecrets],
      notice: this.notice,
    };
  }

  /** Drops every typed secret; strings cannot be overwritten, but nothing here holds them any longer. */
  forgetSecrets(): void {
    this.secrets = {};
  }

  #isEmpty(name: string): boolean {
    if (this.#unfinished[name] === true) return false;
    const entry = name === 'name' ? this.name : (this.values[name] ?? this.secrets[name] ?? '');
    return entry.trim() === '';
  }

  #check(name: string): string | null {
    if (name === 'name') return checkName(this.name);
    const field = this.fields.find((candidate) => candidate.name === name);
    if (field === undefined) return null;
    if (this.#unfinished[name] === true) return 'Not a full date.';
    if (field.kind !== 'secret') return checkValue(field, this.values[name] ?? '');
    const keepsStored = this.secrets[name] === undefined && this.isStored(field);
    return keepsStored ? null : checkValue(field, this.secrets[name] ?? '');
  }

  #fingerprint(): string {
    return JSON.stringify([
      this.grant,
      this.name,
      this.colour,
      this.notice,
      this.values,
      Object.entries(this.secrets).filter(([, secret]) => secret !== ''),
    ]);
  }
}

function initialValues(grant: GrantForm | undefined): Record<string, string> {
  const plain = (grant?.fields ?? []).filter((field) => field.kind !== 'secret');
  return Object.fromEntries(plain.map((field) => [field.name, field.initial]));
}

/** @returns Null for a catalogue entry without any grant. */
export function newDraft(provider: ProviderForm, colour: string): TenantDraft | null {
  const [grant] = provider.grants;
  if (grant === undefined) return null;
  return {
    providerId: provider.id,
    grant: grant.id,
    name: '',
    colour,
    values: {},
    secrets: {},
    storedSecrets: [],
    notice: 'default',
  };
}
