/**
 * Copies what an element shows by selecting it, for text that already stands on our page (never a token).
 * The asynchronous clipboard API needs a permission, and all permissions are denied.
 */
export function copyShownText(element: Element): boolean {
  const selection = window.getSelection();
  if (selection === null) return false;
  selection.selectAllChildren(element);
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way without a permission, see above
  const copied = document.execCommand('copy');
  selection.removeAllRanges();
  return copied;
}
