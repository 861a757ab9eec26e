/** The only door between main and pages: checks who asks, runs the command, sends snapshots. */
import { ipcMain, webContents } from 'electron';
import type { IpcMainInvokeEvent } from 'electron';
import { SNAPSHOT_CHANNEL } from '../contract/ipc.ts';
import type { CommandName, Snapshot } from '../contract/ipc.ts';
import type { RunCommand } from './commands.ts';
import { isLoginBar, OWN_ORIGIN } from './own-pages.ts';

/** The bar above a login page shows and cancels; it can do nothing else. */
const LOGIN_BAR_COMMANDS: readonly CommandName[] = ['getSnapshot', 'cancelSignIn'];

export function openIpc(commands: Readonly<Record<CommandName, RunCommand>>): void {
  for (const [name, run] of Object.entries(commands) as [CommandName, RunCommand][]) {
    ipcMain.handle(name, (event, ...args: unknown[]) => {
      if (!mayAsk(event, name)) throw new Error('refused');
      return run(args);
    });
  }
}

/** Main frame of one of our own pages (Electron's security list, 17). */
function mayAsk({ senderFrame, sender }: IpcMainInvokeEvent, name: CommandName): boolean {
  if (senderFrame === null || senderFrame !== sender.mainFrame || !isOwn(senderFrame.url))
    return false;
  return !isLoginBar(senderFrame.url) || LOGIN_BAR_COMMANDS.includes(name);
}

function isOwn(url: string): boolean {
  return url.startsWith(`${OWN_ORIGIN}/`);
}

/** Sends a snapshot to each page of ours that is open. */
export function pushSnapshot(takeSnapshot: () => Snapshot): void {
  const pages = webContents.getAllWebContents().filter((each) => isOwn(each.getURL()));
  if (pages.length === 0) return;
  const snapshot = takeSnapshot();
  for (const page of pages) page.send(SNAPSHOT_CHANNEL, snapshot);
}
