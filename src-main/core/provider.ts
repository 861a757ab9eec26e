/** The shape of a catalogue entry: data only. What differs between providers stands in `providers/`, nowhere else. */

export type GrantKind = 'authorization-code' | 'client-credentials';

export interface Provider {
  readonly id: string;
  readonly name: string;
  /** One sentence: for whom this entry is. */
  readonly summary: string;
  /** Ways to get a token here, the usual one first. */
  readonly grants: readonly ProviderGrant[];
}

export interface ProviderGrant {
  readonly kind: GrantKind;
  readonly name: string;
  /** One sentence that helps to choose. */
  readonly summary: string;
  readonly fields: readonly Field[];
}

/** Names that the grants understand; a provider's fields use them. */
export type FieldName =
  'issuer' | 'clientId' | 'clientSecret' | 'scopes' | 'redirectUri' | 'parameters';

export interface Field {
  readonly name: FieldName;
  readonly label: string;
  /** `parameters`: one `name=value` a line. `secret` goes to the vault, everything else to the settings file. */
  readonly kind: 'url' | 'text' | 'secret' | 'scopes' | 'parameters';
  readonly required: boolean;
  /** One sentence: what it is and where to find it. */
  readonly hint: string;
  readonly placeholder?: string;
  readonly initial?: string;
  /** Hidden under "More" until asked for. */
  readonly advanced?: boolean;
}
