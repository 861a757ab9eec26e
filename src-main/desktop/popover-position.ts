/** Pure: where the popover opens. */

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const MARGIN = 8;

/**
 * Centred under (or over) the tray icon where its place is known; Linux never tells it, there it is the corner of the
 * work area that is nearest to the pointer, which has just clicked the icon.
 */
export function popoverPosition(
  size: { readonly width: number; readonly height: number },
  trayIcon: Rectangle,
  pointer: { readonly x: number; readonly y: number },
  workArea: Rectangle,
): { readonly x: number; readonly y: number } {
  const known = trayIcon.width > 0 && trayIcon.height > 0;
  const at = known
    ? { x: trayIcon.x + trayIcon.width / 2, y: trayIcon.y + trayIcon.height / 2 }
    : pointer;
  const left = workArea.x + MARGIN;
  const top = workArea.y + MARGIN;
  const right = workArea.x + workArea.width - size.width - MARGIN;
  const bottom = workArea.y + workArea.height - size.height - MARGIN;
  const x = known ? at.x - size.width / 2 : at.x < workArea.x + workArea.width / 2 ? left : right;
  const y = at.y < workArea.y + workArea.height / 2 ? top : bottom;
  return { x: Math.round(clamp(x, left, right)), y: Math.round(clamp(y, top, bottom)) };
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(value, most));
}
