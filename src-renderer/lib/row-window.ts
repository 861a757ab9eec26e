/** Which rows of a long list are drawn: those near what can be seen, and those that hold something. Pure. */

/** Lists up to this length are drawn whole. */
const WHOLE_UP_TO = 60;

/** This far beyond both edges, so that nothing is missing while the page scrolls. */
const MARGIN_PX = 800;

/** A run of rows, or the room of rows that are not drawn. */
export type Part<Row> =
  | { readonly kind: 'row'; readonly key: string; readonly row: Row; readonly index: number }
  | { readonly kind: 'gap'; readonly key: string; readonly heightPx: number };

/** What can be seen of the list. */
export interface Sight {
  /** From the top of the list to the upper edge; negative where something stands above it. */
  readonly topPx: number;
  readonly heightPx: number;
}

/**
 * @param heightOf In pixels; an estimate where the row has never been drawn.
 * @param kept Ids of rows that are drawn wherever they are.
 */
export function partsOf<Row extends { readonly id: string }>(
  rows: readonly Row[],
  heightOf: (row: Row) => number,
  sight: Sight,
  kept: ReadonlySet<string>,
): readonly Part<Row>[] {
  const isWhole = rows.length <= WHOLE_UP_TO;
  const fromPx = sight.topPx - MARGIN_PX;
  const toPx = sight.topPx + sight.heightPx + MARGIN_PX;
  const parts: Part<Row>[] = [];
  let topPx = 0;
  let gapPx = 0;
  const closeGap = (): void => {
    if (gapPx > 0) parts.push({ kind: 'gap', key: `gap ${parts.length}`, heightPx: gapPx });
    gapPx = 0;
  };
  for (const [index, row] of rows.entries()) {
    const heightPx = heightOf(row);
    if (isWhole || (topPx + heightPx > fromPx && topPx < toPx) || kept.has(row.id)) {
      closeGap();
      parts.push({ kind: 'row', key: row.id, row, index });
    } else {
      gapPx += heightPx;
    }
    topPx += heightPx;
  }
  closeGap();
  return parts;
}
