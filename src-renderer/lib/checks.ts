/** Checks of a form while it is filled in. Main decides; these only say early what it would refuse. */
import type { FieldForm } from '../../src-main/contract/ipc.ts';

/** @returns What is wrong with the text, or null. */
export function checkValue(field: FieldForm, value: string): string | null {
  const text = value.trim();
  if (text === '') return field.required ? `${field.label} is needed.` : null;
  return field.kind === 'url' ? checkUrl(field, text) : null;
}

export function checkName(name: string): string | null {
  return name.trim() === '' ? 'Give the tenant a name.' : null;
}

function checkUrl(field: FieldForm, text: string): string | null {
  if (!URL.canParse(text)) return 'Not a full address. It starts with https://';
  // A redirect URI is never loaded: any scheme that the provider has registered will do.
  if (field.name === 'redirectUri') return null;
  const url = new URL(text);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    return 'Must start with https:// (http:// only for this computer itself).';
  }
  if (url.username !== '' || url.password !== '')
    return 'Must not contain a user name or password.';
  return null;
}

/** `hostname` as the URL parser gives it: lower case, IPv4 in four decimal parts, IPv6 in brackets. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

/** Puts `https://` before what is plainly a host name, as people paste it. */
export function completeUrl(value: string): string {
  const text = value.trim();
  return /^[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?(\/\S*)?$/i.test(text) ? `https://${text}` : text;
}
