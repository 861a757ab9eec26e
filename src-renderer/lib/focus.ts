/** Attachment that moves the keyboard focus to an element when it appears. */
export function focusOnMount(element: HTMLElement): void {
  element.focus({ preventScroll: false });
}
