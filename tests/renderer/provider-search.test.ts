import { describe, expect, it } from 'vitest';
import type { ProviderForm } from '../../src-main/contract/ipc.ts';
import { findProviders, groupProviders } from '../../src-renderer/lib/provider-search.ts';

function provider(name: string, summary: string, group: ProviderForm['group']): ProviderForm {
  return { id: name, name, summary, group, hasDocumentation: false, grants: [] };
}

const CATALOGUE = [
  provider('OpenID Connect', 'Any provider with an issuer: Okta, Keycloak.', 'any'),
  provider('Sign-in by Okta', 'The same, named otherwise.', 'identity'),
  provider('Okta', 'Needs the domain only.', 'identity'),
  provider('Acme', 'Call tracking.', 'business'),
];

const namesOf = (providers: readonly ProviderForm[]): string[] => providers.map(({ name }) => name);

describe('the catalogue as it is offered', () => {
  it('stands in groups, business systems first, without empty ones', () => {
    expect(
      groupProviders(CATALOGUE).map(({ name, providers }) => [name, namesOf(providers)]),
    ).toEqual([
      ['Business systems', ['Acme']],
      ['Any system', ['OpenID Connect']],
      ['Identity providers', ['Sign-in by Okta', 'Okta']],
    ]);
  });

  it('finds what is named so before what holds the name and what only speaks of it', () => {
    expect(namesOf(findProviders(CATALOGUE, 'okta'))).toEqual([
      'Okta',
      'Sign-in by Okta',
      'OpenID Connect',
    ]);
  });

  it('wants every word, in any case and order, in name or summary', () => {
    expect(namesOf(findProviders(CATALOGUE, ' TRACKING  acme '))).toEqual(['Acme']);
    expect(findProviders(CATALOGUE, 'acme issuer')).toEqual([]);
  });
});
