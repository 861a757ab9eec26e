/** The numbers as a table: median, minimum and maximum of both, and the median of the ratios of neighbours. */

export interface Samples {
  readonly name: string;
  readonly unit: string;
  /** In the order of the runs; null where it could not be measured. */
  readonly bearerTray: readonly (number | null)[];
  readonly bare: readonly (number | null)[];
}

const NAME_WIDTH = 52;
const NUMBER_WIDTH = 8;
const RATIO_WIDTH = 9;

export function tableOf(rows: readonly Samples[]): string {
  const group = 3 * NUMBER_WIDTH;
  const columns = ['median', 'min', 'max'].map(right).join('');
  return [
    `${''.padEnd(NAME_WIDTH)}${'Bearer Tray'.padStart(group)}${'bare app'.padStart(group)}`,
    `${''.padEnd(NAME_WIDTH)}${columns}${columns}${'ratio'.padStart(RATIO_WIDTH)}`,
    ...rows.map(lineOf),
  ].join('\n');
}

function lineOf({ name, unit, bearerTray, bare }: Samples): string {
  const ratios = bearerTray.map((value, run) => {
    const beside = bare[run];
    return value === null || beside === null || beside === undefined ? null : value / beside;
  });
  const ratio = median(ratios)?.toFixed(2) ?? '-';
  return (
    `${name} (${unit})`.padEnd(NAME_WIDTH) +
    cells(bearerTray) +
    cells(bare) +
    ratio.padStart(RATIO_WIDTH)
  );
}

function cells(values: readonly (number | null)[]): string {
  const numbers = measured(values);
  const shown = [median(values), Math.min(...numbers), Math.max(...numbers)];
  return shown
    .map((value) => (value !== null && Number.isFinite(value) ? value.toFixed(0) : '-'))
    .map(right)
    .join('');
}

/** Null without any number. */
export function median(values: readonly (number | null)[]): number | null {
  const sorted = measured(values).toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  return upper === undefined || lower === undefined ? null : (lower + upper) / 2;
}

function measured(values: readonly (number | null)[]): readonly number[] {
  return values.filter((value) => value !== null);
}

function right(text: string): string {
  return text.padStart(NUMBER_WIDTH);
}
