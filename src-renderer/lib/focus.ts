/** Attachment that moves the keyboard focus to an element when it appears. */
export function focusOnMount(element: HTMLElement): void {
  element.focus({ preventScroll: false });
}

/** Attachment that brings an element into view when it appears. */
export function reveal(element: HTMLElement): void {
  element.scrollIntoView({ block: 'nearest' });
}

/** Where the focus goes among elements in one column by an arrow key, Home or End; undefined for any other key. */
export function nextByKey<Item>(items: readonly Item[], at: number, key: string): Item | undefined {
  const last = items.length - 1;
  switch (key) {
    case 'ArrowDown':
      return items[Math.min(last, at + 1)];
    case 'ArrowUp':
      return items[Math.max(0, at - 1)];
    case 'Home':
      return items[0];
    case 'End':
      return items[last];
    default:
      return undefined;
  }
}
