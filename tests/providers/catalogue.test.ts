import { describe, expect, test } from 'vitest';
import { GRANTS } from '../../src-main/core/grants/all-grants.ts';
import { checkDraft } from '../../src-main/core/tenant.ts';
import { PROVIDERS } from '../../src-main/providers/index.ts';

const EXAMPLES: Readonly<Record<string, string>> = {
  issuer: 'https://login.example.com',
  redirectUri: 'https://localhost/callback',
  scopes: 'openid',
  parameters: 'a=b',
};

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
      expect(new Set(kinds).size).toBe(kinds.length);
    });

    test.each(provider.grants.map((grant) => [grant.kind, grant] as const))('%s', (kind, grant) => {
      expect(GRANTS).toHaveProperty(kind);
      expect(grant.summary).toMatch(/^[A-Z].*\.$/);
      const names = grant.fields.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      for (const field of grant.fields) {
        expect(field.label, field.name).not.toBe('');
        expect(field.hint, field.name).toMatch(/\.$/);
        if (field.name === 'clientSecret') expect(field.kind).toBe('secret');
        if (field.kind === 'secret')
          expect(field.initial, 'no secret in the catalogue').toBeUndefined();
        if (field.advanced === true)
          expect(field.required, 'nobody looks for it there').toBe(false);
      }
    });

    test.each(provider.grants.map((grant) => [grant.kind, grant] as const))(
      '%s: its initial values, with the needed ones filled in, make a tenant',
      (kind, grant) => {
        const values = Object.fromEntries(
          grant.fields
            .filter((field) => field.kind !== 'secret')
            .map(({ name, initial }) => [name, initial ?? EXAMPLES[name] ?? 'example']),
        );
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
