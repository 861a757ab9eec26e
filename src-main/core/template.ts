/** Fills the templates of the catalogue: `{name}` is a value, `[ … ]` a part that is left out when a name in it has none. */

export type Variables = Readonly<Record<string, string | undefined>>;

/** @returns Undefined when a name outside of brackets has no value. */
export function fill(
  template: string,
  variables: Variables,
  encode: (value: string, at: number) => string = (value) => value,
): string | undefined {
  const hasAll = (part: string): boolean =>
    namesIn(part).every((name) => valueOf(name, variables) !== undefined);
  if (!hasAll(template.replace(OPTIONAL_PART, ''))) return undefined;
  return template
    .replace(OPTIONAL_PART, (_part, content: string) => (hasAll(content) ? content : ''))
    .replace(PLACEHOLDER, (_placeholder, name: string, at: number) =>
      encode(valueOf(name, variables) ?? '', at),
    );
}

/**
 * Fills the template of an address: values are percent-encoded, except for one at the very start, which is an address
 * itself (its closing slashes are taken off where a path follows).
 * @returns Undefined when a name has no value or the outcome is no address.
 */
export function fillAddress(template: string, variables: Variables): string | undefined {
  const continues = /^\{[^}]*\}./.test(template);
  const filled = fill(template, variables, (value, at) => {
    if (at > 0) return encodeURIComponent(value).replaceAll('%3A', ':');
    return continues ? withoutLastSlashes(value) : value;
  });
  return filled !== undefined && URL.canParse(filled) ? filled : undefined;
}

/** The same, parsed. */
export function fillUrl(template: string, variables: Variables): URL | undefined {
  const address = fillAddress(template, variables);
  return address === undefined ? undefined : new URL(address);
}

/** The names that a template uses. */
export function namesIn(template: string): readonly string[] {
  return Array.from(template.matchAll(PLACEHOLDER), ([, name = '']) => name);
}

/** Fills each template and leaves out those whose names have no value. */
export function fillAll(
  templates: Readonly<Record<string, string>> | undefined,
  variables: Variables,
): readonly (readonly [string, string])[] {
  return Object.entries(templates ?? {}).flatMap(([name, template]) => {
    const filledName = fill(name, variables);
    const value = fill(template, variables);
    return filledName === undefined || value === undefined ? [] : [[filledName, value] as const];
  });
}

const PLACEHOLDER = /\{([a-zA-Z][\w.]*)\}/g;
const OPTIONAL_PART = /\[([^\][]*)\]/g;

function valueOf(name: string, variables: Variables): string | undefined {
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
  return value === '' ? undefined : value;
}

function withoutLastSlashes(text: string): string {
  let end = text.length;
  while (text[end - 1] === '/') end -= 1;
  return text.slice(0, end);
}
