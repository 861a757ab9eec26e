/** The catalogue as it is offered: in groups, or by what is searched for. Pure. */
import type { ProviderForm } from '../../src-main/contract/ipc.ts';

export interface ProviderGroup {
  readonly name: string;
  readonly providers: readonly ProviderForm[];
}

const GROUPS: readonly { readonly id: ProviderForm['group']; readonly name: string }[] = [
  { id: 'business', name: 'Business systems' },
  { id: 'any', name: 'Any system' },
  { id: 'identity', name: 'Identity providers' },
  { id: 'rest', name: 'REST APIs' },
];

/** In the order of the catalogue; a group without entries is left out. */
export function groupProviders(providers: readonly ProviderForm[]): readonly ProviderGroup[] {
  return GROUPS.map(({ id, name }) => ({
    name,
    providers: providers.filter((provider) => provider.group === id),
  })).filter((group) => group.providers.length > 0);
}

/**
 * Entries in which every space-separated word of the search occurs: those named so first, then those whose name holds it,
 * then those that only speak of it.
 */
export function findProviders(
  providers: readonly ProviderForm[],
  search: string,
): readonly ProviderForm[] {
  const words = search.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const has = (text: string): boolean =>
    words.every((word) => text.toLocaleLowerCase().includes(word));
  const rank = ({ name, summary }: ProviderForm): number => {
    if (name.toLocaleLowerCase().startsWith(words.join(' '))) return 0;
    if (has(name)) return 1;
    return has(`${name} ${summary}`) ? 2 : 3;
  };
  return [0, 1, 2].flatMap((wanted) => providers.filter((provider) => rank(provider) === wanted));
}
