/** The eight colours that tell tenants apart. White text on each has a contrast of at least 4.5 : 1. */

export interface PaletteColour {
  readonly name: string;
  /** `#rrggbb` */
  readonly value: string;
}

export const PALETTE: readonly PaletteColour[] = [
  { name: 'Blue', value: '#2563eb' },
  { name: 'Teal', value: '#0f766e' },
  { name: 'Green', value: '#15803d' },
  { name: 'Amber', value: '#b45309' },
  { name: 'Red', value: '#c81e1e' },
  { name: 'Pink', value: '#be185d' },
  { name: 'Violet', value: '#7c3aed' },
  { name: 'Slate', value: '#475569' },
];

/** The colour that is used least so far, the earlier one of equals. */
export function nextColour(used: readonly string[]): string {
  const uses = (colour: PaletteColour): number =>
    used.filter((value) => value.toLowerCase() === colour.value).length;
  const [first, ...others] = PALETTE;
  if (first === undefined) return '#475569';
  return others.reduce((least, colour) => (uses(colour) < uses(least) ? colour : least), first)
    .value;
}
