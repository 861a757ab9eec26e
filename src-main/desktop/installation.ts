/** What a report about this installation tells of the computer; nothing that names the person. */
import { app } from 'electron';
import type { InstallationFacts } from '../core/diagnostics.ts';

export function installationFacts(): InstallationFacts {
  const { env, versions, platform, arch } = process;
  return {
    version: app.getVersion(),
    packaged: app.isPackaged ? 'yes' : 'no',
    electron: versions.electron,
    system: `${platform} ${arch} ${process.getSystemVersion()}`,
    ...(platform === 'linux'
      ? {
          desktop: word(env['XDG_CURRENT_DESKTOP']),
          session: env['WAYLAND_DISPLAY'] === undefined ? 'x11' : 'wayland',
        }
      : {}),
    locale: app.getLocale(),
    uptime: `${String(Math.round(process.uptime()))} s`,
  };
}

/** The environment may hold anything. */
function word(text: string | undefined): string {
  return text !== undefined && /^[\w:+-]{1,40}$/.test(text) ? text : 'unknown';
}
