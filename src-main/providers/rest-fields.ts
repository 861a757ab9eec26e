/** Fields that many REST interfaces share. */
import type { Field } from '../core/provider.ts';

/** @param hint Where the address is found, in one sentence. */
export function serverAddress(placeholder: string, hint: string): Field {
  return {
    name: 'baseUrl',
    label: 'Server address',
    kind: 'url',
    required: true,
    hint,
    placeholder,
  };
}

/** @param hint Which of a person's names it is, in one sentence. */
export function username(hint: string, label = 'Username'): Field {
  return { name: 'username', label, kind: 'text', required: true, hint };
}

export const password: Field = {
  name: 'password',
  label: 'Password',
  kind: 'secret',
  required: true,
  hint: 'Kept encrypted on this computer and sent to this server only, to log in again when the token has ended.',
};
