// Which programs and libraries of the operating system each kind of task needs on Linux. macOS and
// Windows bring all of it along: Electron's libraries are part of the system there, a display is
// always present, and the tests use neither D-Bus nor X11.

/**
 * debian: package names, the first that fits; a name ending in t64 is the one since Debian 13 and
 * Ubuntu 24.04 (64-bit time_t).
 * find: what proves it elsewhere: a library's file name, a program's name, or an absolute path.
 *
 * @typedef {{ readonly debian: readonly string[], readonly find: string }} Requirement
 * @typedef {'run' | 'desktop' | 'packages'} RequirementSet
 */

/** @type {Readonly<Record<RequirementSet, readonly Requirement[]>>} */
export const requirements = {
  /** To start Electron: the libraries it is linked with, or opens when it needs them. */
  run: [
    { debian: ['libgtk-3-0t64', 'libgtk-3-0'], find: 'libgtk-3.so.0' },
    { debian: ['libnss3'], find: 'libnss3.so' },
    { debian: ['libasound2t64', 'libasound2'], find: 'libasound.so.2' },
    { debian: ['libgbm1'], find: 'libgbm.so.1' },
    { debian: ['libsecret-1-0'], find: 'libsecret-1.so.0' },
    { debian: ['libxss1'], find: 'libXss.so.1' },
    { debian: ['libnotify4'], find: 'libnotify.so.4' },
  ],
  /** A desktop of its own without a screen: display, session bus, keyring, notifications, input. */
  desktop: [
    { debian: ['xvfb'], find: 'Xvfb' },
    { debian: ['xauth'], find: 'xauth' },
    { debian: ['dbus'], find: 'dbus-run-session' },
    { debian: ['dbus-x11'], find: 'dbus-launch' },
    { debian: ['gnome-keyring'], find: 'gnome-keyring-daemon' },
    { debian: ['dunst'], find: 'dunst' },
    { debian: ['libnotify-bin'], find: 'notify-send' },
    { debian: ['xclip'], find: 'xclip' },
    { debian: ['x11-utils'], find: 'xprop' },
    { debian: ['xdotool'], find: 'xdotool' },
    { debian: ['imagemagick'], find: 'import' },
    { debian: ['strace'], find: 'strace' },
    { debian: ['fonts-dejavu-core'], find: '/usr/share/fonts' },
  ],
  /** To make packages where electron-builder cannot download its own tools. */
  packages: [
    { debian: ['p7zip-full', '7zip'], find: '7za' },
    { debian: ['dpkg'], find: 'dpkg-deb' },
  ],
};
