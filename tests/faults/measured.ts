/** Measured numbers as one line. */

/** `p50 3 ms, p99 12 ms, most 15 ms of 240`. */
export function distribution(values: readonly number[], unit = 'ms'): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return `${String(Math.round(value))} ${unit}`;
  };
  if (sorted.length === 0) return 'nothing measured';
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, most ${at(1)} of ${String(sorted.length)}`;
}
