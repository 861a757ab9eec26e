/** Checks of a form while it is filled in. Main decides; these only say early what it would refuse. */
import type { FieldForm } from '../../src-main/contract/ipc.ts';

/** @returns What is wrong with the text, or null. */
export function checkValue(field: FieldForm, value: string): string | null {
  const text = value.trim();
  if (text === '') return field.required ? `${field.label} is needed.` : null;
  switch (field.kind) {
    case 'url':
      return checkUrl(field, text);
    case 'host':
      return /^[a-z\d](?:[a-z\d.-]*[a-z\d])?(?::\d{1,5})?$/i.test(text) &&
        URL.canParse(`https://${text}`)
        ? null
        : 'Only the host name, for example login.example.com.';
    case 'label':
      return /^[a-z\d](?:[a-z\d-]*[a-z\d])?$/i.test(text)
        ? null
        : 'Only letters, digits and hyphens.';
    default:
      return null;
  }
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
  if (url.username !== '' || url.password !== '') return 'Must not contain a username or password.';
  return null;
}

/** `hostname` as the URL parser gives it: lower case, IPv4 in four decimal parts, IPv6 in brackets. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

/** What is kept of an entry when its field is left: people paste whole addresses, and host names for addresses. */
export function tidyValue(field: FieldForm, value: string): string {
  switch (field.kind) {
    case 'url':
      return completeUrl(value);
    case 'host':
      return hostIn(value) ?? value.trim();
    case 'label':
      return hostIn(value)?.split(/[.:]/)[0] ?? value.trim();
    default:
      return value;
  }
}

/** Puts `https://` before what is plainly a host name. */
function completeUrl(value: string): string {
  const text = value.trim();
  return /^[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?(\/\S*)?$/i.test(text) ? `https://${text}` : text;
}

/** The host of an address, with its port where that is not the default; null where the text is no web address. */
function hostIn(value: string): string | null {
  const text = completeUrl(value);
  if (!/^https?:/i.test(text) || !URL.canParse(text)) return null;
  return new URL(text).host;
}
