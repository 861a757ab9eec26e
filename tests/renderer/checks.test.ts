import { describe, expect, it } from 'vitest';
import type { FieldForm } from '../../src-main/contract/ipc.ts';
import { checkValue, tidyValue } from '../../src-renderer/lib/checks.ts';

function field(kind: FieldForm['kind'], change: Partial<FieldForm> = {}): FieldForm {
  return {
    name: 'entry',
    label: 'Entry',
    kind,
    required: true,
    hint: '',
    hasLink: false,
    options: [],
    placeholder: '',
    initial: '',
    advanced: false,
    ...change,
  };
}

describe('what is kept of an entry when its field is left', () => {
  it.each([
    ['https://acme.prod.limio.com/', 'acme'],
    [' https://acme-sandbox.prod.limio.com/limio/index.html?x=1#top ', 'acme-sandbox'],
    ['acme.prod.limio.com', 'acme'],
    ['https://localhost:8443/', 'localhost'],
    [' acme ', 'acme'],
    ['two words', 'two words'],
    ['ada@example.com', 'ada@example.com'],
    ['', ''],
  ])('label: %j becomes %j', (typed, kept) => {
    expect(tidyValue(field('label'), typed)).toBe(kept);
  });

  it.each([
    ['https://Acme.eu.auth0.com/authorize?client_id=1', 'acme.eu.auth0.com'],
    ['https://user:word@login.example.com/', 'login.example.com'],
    ['https://login.example.com:443/', 'login.example.com'],
    ['http://127.0.0.1:8080/x', '127.0.0.1:8080'],
    ['login.example.com/realms/acme', 'login.example.com'],
    [' login.example.com:8443 ', 'login.example.com:8443'],
    ['localhost:8443', 'localhost:8443'],
    ['javascript:alert(1)', 'javascript:alert(1)'],
    ['https://', 'https://'],
  ])('host: %j becomes %j', (typed, kept) => {
    expect(tidyValue(field('host'), typed)).toBe(kept);
  });

  it.each([
    ['login.example.com/realms/acme', 'https://login.example.com/realms/acme'],
    ['http://login.example.com', 'http://login.example.com'],
    ['not an address', 'not an address'],
  ])('url: %j becomes %j', (typed, kept) => {
    expect(tidyValue(field('url'), typed)).toBe(kept);
  });

  it('leaves any other text as it is', () => {
    expect(tidyValue(field('text'), ' https://acme.example.com/ ')).toBe(
      ' https://acme.example.com/ ',
    );
  });
});

describe('what is wrong with an entry', () => {
  it.each(['acme', 'ACME-2', '4711'])('label %j: nothing', (typed) => {
    expect(checkValue(field('label'), typed)).toBeNull();
  });

  it.each(['acme_2', 'two words', '-acme', 'acme-', 'acme.com', 'ümlaut', '../x'])(
    'label %j: told',
    (typed) => {
      expect(checkValue(field('label'), typed)).toBe('Only letters, digits and hyphens.');
    },
  );

  it.each(['login.example.com', 'localhost', '127.0.0.1:8080', 'a-b.example:443'])(
    'host %j: nothing',
    (typed) => {
      expect(checkValue(field('host'), typed)).toBeNull();
    },
  );

  it.each([
    'login.example.com/x',
    'a b',
    'a@b.example',
    'a.example:',
    'a.example:99999',
    '-a.example',
  ])('host %j: told', (typed) => {
    expect(checkValue(field('host'), typed)).toBe(
      'Only the host name, for example login.example.com.',
    );
  });

  it('a field that is needed is named, one that is not may stay empty', () => {
    expect(checkValue(field('label'), ' ')).toBe('Entry is needed.');
    expect(checkValue(field('host', { required: false }), '')).toBeNull();
  });
});
