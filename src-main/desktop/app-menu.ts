/** The application menu: none, but for what macOS needs to copy and paste in text fields. */
import { Menu } from 'electron';

/** Electron's default would bring reload, close and the developer tools into our windows, keys included. */
export function setAppMenu(): void {
  Menu.setApplicationMenu(
    process.platform === 'darwin'
      ? Menu.buildFromTemplate([{ role: 'appMenu' }, { role: 'editMenu' }])
      : null,
  );
}
