/** What the preload adds to the page. */
import type { Bridge } from '../../src-main/contract/ipc.ts';

declare global {
  interface Window {
    readonly bridge: Bridge;
  }
}
