/** Whether the panel that holds the tray icon is dark. */
import { nativeTheme } from 'electron';

/**
 * `shouldUseDarkColors` follows our own theme setting too, which says nothing about the panel: on Linux the system's
 * preference is the best guess there is, and it is read only while no setting of ours covers it.
 * @returns Make it before `themeSource` is set.
 */
export function createPanelColour(): () => boolean {
  let systemIsDark = nativeTheme.shouldUseDarkColors;
  nativeTheme.on('updated', () => {
    if (nativeTheme.themeSource === 'system') systemIsDark = nativeTheme.shouldUseDarkColors;
  });
  return () =>
    process.platform === 'win32'
      ? nativeTheme.shouldUseDarkColorsForSystemIntegratedUI
      : systemIsDark;
}
