import { describe as group, expect, test } from 'vitest';
import { severity } from '../../src-main/core/errors.ts';
import type { AppError, ErrorCode } from '../../src-main/core/errors.ts';
import { describe } from '../../src-main/core/error-texts.ts';

/** A record, so that a new code does not compile before it stands here. */
const CODES: Readonly<Record<ErrorCode, 'about a tenant' | 'about the app'>> = {
  'network-unreachable': 'about a tenant',
  'certificate-refused': 'about a tenant',
  'timed-out': 'about a tenant',
  'redirect-refused': 'about a tenant',
  'provider-trouble': 'about a tenant',
  'not-the-provider': 'about a tenant',
  'discovery-missing': 'about a tenant',
  'issuer-mismatch': 'about a tenant',
  'endpoint-missing': 'about a tenant',
  'endpoint-unsafe': 'about a tenant',
  'pkce-unsupported': 'about a tenant',
  'sign-in-cancelled': 'about a tenant',
  'sign-in-timed-out': 'about a tenant',
  'sign-in-denied': 'about a tenant',
  'page-failed': 'about a tenant',
  'answer-invalid': 'about a tenant',
  'grant-refused': 'about a tenant',
  'renewal-lost': 'about a tenant',
  'client-refused': 'about a tenant',
  'request-refused': 'about a tenant',
  'token-answer-invalid': 'about a tenant',
  'token-type-unsupported': 'about a tenant',
  'id-token-invalid': 'about a tenant',
  'clock-wrong': 'about a tenant',
  'browser-not-opened': 'about a tenant',
  'redirect-not-loopback': 'about a tenant',
  'port-taken': 'about a tenant',
  'capture-ended': 'about a tenant',
  'capture-nothing-new': 'about a tenant',
  'credentials-refused': 'about a tenant',
  'secret-missing': 'about a tenant',
  'key-refused': 'about a tenant',
  'probe-unknown': 'about a tenant',
  'provider-unknown': 'about a tenant',
  'keychain-locked': 'about a tenant',
  'keychain-unavailable': 'about a tenant',
  'vault-unreadable': 'about a tenant',
  'vault-not-saved': 'about a tenant',
  'settings-unreadable': 'about the app',
  'settings-not-saved': 'about the app',
  'settings-restored': 'about the app',
  'sign-in-needed': 'about a tenant',
  'clipboard-failed': 'about a tenant',
  'tenant-unknown': 'about the app',
  'input-invalid': 'about a tenant',
  internal: 'about a tenant',
};

const FACTS: Omit<AppError, 'code'> = {
  host: 'login.example.com:8443',
  issuer: 'https://login.example.com/realms/a',
  subject: 'token endpoint',
  detail: 'DETAIL',
  cause: new Error('CAUSE https://x/?code=SECRET'),
};

group('H-06 every error', () => {
  test.each(Object.entries(CODES) as [ErrorCode, string][])('%s', (code, about) => {
    for (const error of [{ code }, { code, ...FACTS }]) {
      const { message, nextStep } = describe(error, 'Tenant X');
      const all = `${message} ${nextStep}`;
      if (about === 'about a tenant') expect(message).toContain('Tenant X');
      expect(message).toMatch(/\.$/);
      expect(nextStep).toMatch(/\.$/);
      expect(nextStep.length).toBeGreaterThan(5);
      expect(all).not.toMatch(/undefined|null|\[object/);
      expect(all).not.toMatch(/:\/\/\S*[?#]/);
      expect(all).not.toContain('CAUSE');
      expect(all).not.toMatch(/\bat .*:\d+:\d+/);
      expect(message.toLowerCase()).not.toContain(code);
    }
  });

  test.each(Object.keys(CODES) as ErrorCode[])('%s: remedy and severity fit together', (code) => {
    const { remedy } = describe({ code }, 'T');
    if (severity(code) === 'configuration') expect(remedy).toBe('fix-config');
    if (severity(code) === 'terminal') expect(remedy).toBe('sign-in');
  });

  test('where it belongs to no tenant it still has a subject', () => {
    for (const code of Object.keys(CODES) as ErrorCode[]) {
      expect(describe({ code }, null).message).not.toMatch(/null|^:/);
    }
  });
});
