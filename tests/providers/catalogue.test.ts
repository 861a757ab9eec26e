import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { GRANTS } from '../../src-main/core/grants/all-grants.ts';
import type { Field, KnownField, ProviderGrant } from '../../src-main/core/provider.ts';
import { fillUrl, namesIn } from '../../src-main/core/template.ts';
import { checkDraft } from '../../src-main/core/tenant.ts';
import { PROVIDERS } from '../../src-main/providers/index.ts';

const EXAMPLES: Readonly<Record<Field['kind'], string>> = {
  url: 'https://login.example.com',
  host: 'login.example.com',
  label: 'acme',
  text: 'example',
  secret: '',
  scopes: 'openid',
  parameters: 'a=b',
  choice: '',
  date: '2030-12-31',
};

/** The app's own names (`KnownField`), and the secret of a client. */
const UNDERSTOOD: readonly string[] = Object.keys({
  issuer: true,
  authorizationEndpoint: true,
  tokenEndpoint: true,
  revocationEndpoint: true,
  clientId: true,
  clientAuthentication: true,
  scopes: true,
  scopeSeparator: true,
  redirectUri: true,
  parameters: true,
  pkce: true,
  signInWith: true,
  probeUrl: true,
  headerName: true,
  headerValue: true,
  expiresOn: true,
  username: true,
} satisfies Record<KnownField, true>).concat('clientSecret');

/** Named like secrets, and meant to be public by those who give them out. */
const NO_SECRETS: readonly string[] = ['supabase.apiKey', 'firebase.apiKey'];

const NEEDED: Readonly<Record<ProviderGrant['kind'], readonly string[]>> = {
  'authorization-code': ['clientId', 'redirectUri'],
  implicit: ['clientId', 'redirectUri'],
  'client-credentials': ['clientId', 'clientSecret'],
  'rest-login': [],
  approval: [],
  capture: [],
  'static-key': [],
};

/** What `checkDraft` and the form fill in of themselves. */
function filledIn(grant: ProviderGrant): Record<string, string> {
  const open = grant.fields.filter(({ kind }) => kind !== 'secret');
  return Object.fromEntries(
    open.map(({ name, kind, initial, options }) => [
      name,
      initial ?? options?.[0]?.value ?? EXAMPLES[kind],
    ]),
  );
}

test('every entry has an id of its own', () => {
  const ids = PROVIDERS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[a-z0-9-]+$/);
});

describe.each(PROVIDERS.map((provider) => [provider.id, provider] as const))(
  '%s',
  (_id, provider) => {
    test('reads like the others: a name, one sentence', () => {
      expect(provider.name).not.toBe('');
      expect(provider.summary).toMatch(/^[A-Z].*\.$/);
      expect(provider.grants.length).toBeGreaterThan(0);
      const kinds = provider.grants.map(({ kind }) => kind);
      expect(new Set(kinds).size, 'one grant of a kind').toBe(kinds.length);
    });

    test.each(provider.grants.map((grant) => [grant.kind, grant] as const))('%s', (kind, grant) => {
      expect(GRANTS).toHaveProperty(kind);
      expect(grant.summary).toMatch(/^[A-Z].*\.$/);
      const names = grant.fields.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      for (const field of grant.fields) {
        expect(field.label, field.name).not.toBe('');
        expect(field.hint, field.name).toMatch(/\.$/);
        if (
          /(secret|password|token|key)$/i.test(field.name) &&
          !NO_SECRETS.includes(`${provider.id}.${field.name}`)
        ) {
          expect(field.kind, `${field.name} would stand in the settings file`).toBe('secret');
        }
        if (field.kind === 'secret')
          expect(field.initial, 'no secret in the catalogue').toBeUndefined();
        if (field.advanced === true)
          expect(field.required, `nobody looks for ${field.name} there`).toBe(false);
        if (field.link !== undefined) expect(field.link).toMatch(/^https:/);
        expect(field.options !== undefined, field.name).toBe(field.kind === 'choice');
        const choices = field.options?.map(({ value }) => value) ?? [];
        if (field.initial !== undefined && field.kind === 'choice')
          expect(choices).toContain(field.initial);
      }
    });

    test.each(provider.grants.map((grant) => [grant.kind, grant] as const))(
      '%s: every field is of use, and those that its kind cannot do without are there',
      (kind, grant) => {
        const used = new Set(textsIn({ ...grant, fields: [] }).flatMap(namesIn));
        const isDescribed = 'login' in grant && typeof grant.login === 'function';
        const unused = grant.fields
          .map(({ name }) => name)
          .filter((name) => !used.has(name) && !UNDERSTOOD.includes(name) && !isDescribed);
        expect(unused).toEqual([]);
        const needed = NEEDED[kind].filter(
          (name) => !grant.fields.some((field) => field.name === name && field.required),
        );
        expect(needed).toEqual([]);
        if (grant.kind === 'static-key') {
          const inKey = namesIn(grant.key.template);
          const secrets = grant.fields.filter(({ kind: sort }) => sort === 'secret');
          expect(secrets.some(({ name }) => inKey.includes(name))).toBe(true);
        }
      },
    );

    test.each(provider.grants.map((grant) => [grant.kind, grant] as const))(
      '%s: its templates name only fields of its form and parts of a token',
      (_kind, grant) => {
        const known = [
          ...grant.fields.map(({ name }) => name),
          'token',
          'refreshToken',
          'lastingToken',
        ];
        const used = textsIn({ ...grant, fields: [] }).flatMap(namesIn);
        const unknown = used.filter((name) => !known.includes(name) && !name.startsWith('extra.'));
        expect([...new Set(unknown)]).toEqual([]);
      },
    );

    test.each(provider.grants.map((grant) => [grant.kind, grant] as const))(
      '%s: its addresses are https',
      (_kind, grant) => {
        const values = { ...filledIn(grant), token: 't', refreshToken: 'r', lastingToken: 'r' };
        const templates = textsIn({ ...grant, fields: [] }).filter((text) =>
          /^(https?:|\{[a-zA-Z]+\}(\/|$))/.test(text),
        );
        const urls = templates.flatMap((template) => fillUrl(template, values) ?? []);
        expect(urls.filter(({ protocol }) => protocol !== 'https:')).toEqual([]);
      },
    );

    test.each(provider.grants.map((grant) => [grant.kind, grant] as const))(
      '%s: its initial values, with the needed ones filled in, make a tenant',
      (kind, grant) => {
        const values = filledIn(grant);
        const secrets = Object.fromEntries(
          grant.fields
            .filter((field) => field.kind === 'secret')
            .map(({ name }) => [name, 'typed']),
        );
        const checked = checkDraft(
          {
            providerId: provider.id,
            grant: kind,
            name: 'Example',
            colour: '#000000',
            values,
            secrets,
            storedSecrets: [],
            notice: 'default',
          },
          '0b8f6b1e-6f43-4f0e-9a4b-0d4a1d8f0a11',
          PROVIDERS,
        );
        expect(checked.ok ? [] : checked.error.fields).toEqual([]);
      },
    );
  },
);

/** Every text in an entry, however deep; a function counts as what it makes of no values. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'function')
    return value.length === 1 ? textsIn(madeBy(value as MakesEntry)) : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

type MakesEntry = (values: object) => unknown;

function madeBy(make: MakesEntry): unknown {
  try {
    return make({});
  } catch {
    return undefined;
  }
}

test('a vendor is named in providers/ and nowhere else in the app', () => {
  const generic = ['oidc', 'oauth2', 'rest', 'api-key'];
  const ordinaryWords = ['Text'];
  const words = PROVIDERS.filter(({ id }) => !generic.includes(id)).flatMap(({ id, name }) => [
    id,
    ...name.split(/ \/ |\s*\(/).map((part) => part.replace(/\W+$/, '')),
  ]);
  const vendors = new RegExp(
    `\\b(${words.filter((word) => !ordinaryWords.includes(word)).join('|')})\\b`,
    'i',
  );
  const root = join(import.meta.dirname, '../..');
  const files = ['src-main', 'src-renderer'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  const named = files
    .filter((file) => !file.includes(join('src-main', 'providers')))
    .flatMap((file) => {
      // Where something was found out, and the name of the app itself, are no names of a provider
      const text = readFileSync(file, 'utf8').replace(/https:\/\/github\.com\S*|io\.github\./g, '');
      const found = vendors.exec(text)?.[0];
      return found === undefined ? [] : [`${relative(root, file)}: ${found}`];
    });
  expect(named).toEqual([]);
});
