/** Gives our own pages one function for each command and the subscription to snapshots; nothing else of Electron. */
import { contextBridge, ipcRenderer } from 'electron';
import { SNAPSHOT_CHANNEL } from './contract/ipc.ts';
import type { Bridge, CommandName, Snapshot } from './contract/ipc.ts';

/** Complete by type: a command that is missing here does not compile. */
const COMMANDS: Readonly<Record<CommandName, true>> = {
  getSnapshot: true,
  listProviders: true,
  readTenant: true,
  saveTenant: true,
  removeTenant: true,
  activateTenant: true,
  signIn: true,
  cancelSignIn: true,
  showSignIn: true,
  signOut: true,
  renew: true,
  copyToken: true,
  copyTokenAs: true,
  listCopyFormats: true,
  callProbe: true,
  testTenant: true,
  addAnotherAccount: true,
  openProviderPage: true,
  copyError: true,
  readActivity: true,
  copyDiagnostics: true,
  saveSettings: true,
  retryKeychain: true,
  hidePopover: true,
  quit: true,
};

const commands = Object.fromEntries(
  Object.keys(COMMANDS).map((name) => [
    name,
    (...args: readonly unknown[]): Promise<unknown> => ipcRenderer.invoke(name, ...args),
  ]),
);

const bridge = {
  ...commands,
  onSnapshot(listener: (snapshot: Snapshot) => void) {
    const receive = (_event: unknown, snapshot: Snapshot): void => {
      listener(snapshot);
    };
    ipcRenderer.on(SNAPSHOT_CHANNEL, receive);
    return () => {
      ipcRenderer.off(SNAPSHOT_CHANNEL, receive);
    };
  },
} as unknown as Bridge;

contextBridge.exposeInMainWorld('bridge', bridge);
