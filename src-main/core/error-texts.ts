/** Says every error in words: what happened, to which tenant, and what to do next. The only place with such texts. */
import type { AppError, Remedy } from './errors.ts';

export interface ErrorText {
  readonly message: string;
  readonly nextStep: string;
  readonly remedy: Remedy;
}

/**
 * @param tenantName The tenant the error happened to; null where it belongs to none.
 */
export function describe(error: AppError, tenantName: string | null): ErrorText {
  const name = tenantName ?? 'Bearer Tray';
  const host = error.host ?? 'the provider';
  const text = (message: string, nextStep: string, remedy: Remedy): ErrorText => ({
    message,
    nextStep: error.advice ?? nextStep,
    remedy,
  });
  switch (error.code) {
    case 'network-unreachable':
      return text(
        `${name}: ${host} could not be reached.`,
        'Check the network connection, the VPN and the address. What is stored is kept.',
        'retry-later',
      );
    case 'certificate-refused':
      return text(
        `${name}: the certificate of ${host} is not trusted, so nothing was sent.`,
        'Check the address. On a company network, ask IT to install its certificate on this computer.',
        'retry-later',
      );
    case 'timed-out':
      return text(
        `${name}: ${host} did not answer in time.`,
        'Try again in a moment. What is stored is kept.',
        'retry-later',
      );
    case 'redirect-refused':
      return text(
        `${name}: ${host} sent the request on to another address, which was not followed because it carries secrets.`,
        'Check the address in the tenant; it should be the final one.',
        'fix-config',
      );
    case 'provider-trouble':
      return text(
        `${name}: ${host} answered that it has trouble at the moment.`,
        'Try again in a moment. What is stored is kept.',
        'retry-later',
      );
    case 'not-the-provider':
      return text(
        `${name}: what came back from ${host} is not an answer of this provider (a web page, most likely).`,
        'Check the address in the tenant. On a guest network, sign in to the network first.',
        'retry-later',
      );
    case 'discovery-missing':
      return text(
        `${name}: ${host} publishes no OpenID Connect or OAuth configuration under this issuer.`,
        'Check the issuer address in the tenant; the provider’s documentation names it.',
        'fix-config',
      );
    case 'issuer-mismatch':
      return text(
        `${name}: the configuration at this address belongs to another issuer${error.issuer === undefined ? '' : `, “${error.issuer}”`}.`,
        'If you trust that issuer, enter it in the tenant character for character.',
        'fix-config',
      );
    case 'endpoint-missing':
      return text(
        `${name}: the provider’s configuration names no ${error.subject ?? 'endpoint'}.`,
        'Choose another way to sign in for this tenant, or ask the provider.',
        'fix-config',
      );
    case 'endpoint-unsafe':
      return text(
        `${name}: the provider’s ${error.subject ?? 'endpoint'} is not a secure https address, so it was not used.`,
        'Check the issuer address, or report this to the provider.',
        'fix-config',
      );
    case 'pkce-unsupported':
      return text(
        `${name}: the provider says that it cannot protect the sign-in with PKCE S256.`,
        'Nothing was sent. Ask the provider to switch S256 on.',
        'fix-config',
      );
    case 'sign-in-cancelled':
      return text(
        `${name}: the sign-in was cancelled.`,
        'Sign in again whenever you like.',
        'sign-in',
      );
    case 'sign-in-timed-out':
      return text(
        `${name}: the sign-in was not finished within ten minutes, so its window was closed.`,
        'Sign in again.',
        'sign-in',
      );
    case 'sign-in-denied':
      return text(
        `${name}: the provider refused the sign-in.`,
        'Sign in again with an account that has access, or check client id, scopes and redirect URI.',
        'sign-in',
      );
    case 'page-failed':
      return text(
        `${name}: the login page at ${host} could not be loaded${error.subject === undefined ? '' : ` (${error.subject})`}.`,
        'Check the network connection and the address in the tenant, then sign in again.',
        'sign-in',
      );
    case 'answer-invalid':
      return text(
        `${name}: the provider’s answer to the sign-in did not pass the checks${error.subject === undefined ? '' : ` (${error.subject})`}, so no token was asked for.`,
        'Sign in again. If it happens again, report it to the provider.',
        'sign-in',
      );
    case 'browser-not-opened':
      return text(
        `${name}: the system browser could not be opened.`,
        'Set a default browser for this desktop, or let the tenant sign in in a window.',
        'sign-in',
      );
    case 'redirect-not-loopback':
      return text(
        `${name}: the system browser can bring an answer back only to this computer itself.`,
        'Enter (and register at the provider) a redirect URI such as http://127.0.0.1/callback, or let the tenant sign in in a window.',
        'fix-config',
      );
    case 'port-taken':
      return text(
        `${name}: another program on this computer uses port ${error.subject ?? 'of the redirect URI'}, so the answer of the sign-in could not arrive.`,
        'End that program, or use a redirect URI without a port where the provider allows it. Then sign in again.',
        'sign-in',
      );
    case 'capture-ended':
      return text(
        `${name}: the web app gives no token any more, because its own sign-in has ended.`,
        'Sign in again.',
        'sign-in',
      );
    case 'capture-nothing-new':
      return text(
        `${name}: the web app at ${host} has no newer token yet.`,
        'It is looked for again by itself. If it stays so, sign in again.',
        'retry-later',
      );
    case 'renewal-lost':
      return text(
        `${name}: an answer of ${host} to a renewal was lost (the connection broke or the app was ended), and it does not accept what is stored any more.`,
        'Sign in again. Providers that allow a refresh token to be used once only cannot be asked a second time.',
        'sign-in',
      );
    case 'grant-refused':
      return text(
        `${name}: the provider no longer accepts this sign-in.`,
        'Sign in again.',
        'sign-in',
      );
    case 'client-refused':
      return text(
        `${name}: the provider does not accept the client id or its secret.`,
        'Correct the client id and the client secret in the tenant.',
        'fix-config',
      );
    case 'request-refused':
      return text(
        `${name}: the provider refused the request.`,
        'Check addresses, scopes, redirect URI and extra parameters in the tenant.',
        'fix-config',
      );
    case 'token-answer-invalid':
      return text(
        `${name}: the token answer of ${host} could not be used${error.subject === undefined ? '' : ` (${error.subject})`}.`,
        'Try again. If it happens again, report it to the provider.',
        'retry-later',
      );
    case 'token-type-unsupported':
      return text(
        `${name}: the provider issued a token that is not a bearer token.`,
        'Ask the provider for a client that gets bearer tokens.',
        'fix-config',
      );
    case 'id-token-invalid':
      return text(
        `${name}: the provider’s ID token did not pass the checks${error.subject === undefined ? '' : ` (${error.subject})`}, so its tokens were not used.`,
        'Check that the clock of this computer is right, then sign in again.',
        'sign-in',
      );
    case 'clock-wrong':
      return text(
        `${name}: the clock of this computer is ${error.subject ?? 'not right'}, so the provider’s ID token could not be checked.`,
        'Set the clock right, then sign in again.',
        'sign-in',
      );
    case 'credentials-refused':
      return text(
        `${name}: ${host} does not accept what was entered.`,
        'Correct what was entered in the tenant. It is not tried again by itself, so that no account gets locked.',
        'fix-config',
      );
    case 'secret-missing':
      return text(
        `${name}: its ${error.subject ?? 'secret'} is not stored on this computer.`,
        'Enter it in the tenant.',
        'fix-config',
      );
    case 'key-refused':
      return text(
        `${name}: ${host} does not accept this key.`,
        'Check that it was pasted whole and that it has not ended or been deleted.',
        'fix-config',
      );
    case 'probe-unknown':
      return text(
        `${name}: there is no address to try a token at.`,
        'Enter a probe address in the tenant (under “More”).',
        'fix-config',
      );
    case 'keychain-locked':
      return text(
        `${name}: the keychain of this computer is locked, so what is stored cannot be read.`,
        'Unlock the keychain and choose “Try again”. Nothing was changed.',
        'retry-later',
      );
    case 'keychain-unavailable':
      return text(
        `${name}: this computer offers no keychain${error.subject === undefined ? '' : ` (${error.subject})`}.`,
        'Secrets are kept in memory only and are gone when the app ends. Start a keychain service (for example gnome-keyring) and choose “Try again”.',
        'retry-later',
      );
    case 'vault-unreadable':
      return text(
        `${name}: its stored secrets could not be read${error.subject === undefined ? '' : ` (${error.subject})`}. The file was left as it is.`,
        tenantName === null
          ? 'Nothing was changed. Set right what is named, then choose “Try again”.'
          : 'Sign in again. A client secret has to be entered again.',
        'sign-in',
      );
    case 'vault-not-saved':
      return text(
        `${name}: its secrets could not be saved to disk${error.subject === undefined ? '' : ` (${error.subject})`}.`,
        'They work until the app ends. Make room on the disk or check the permissions of the data folder.',
        'retry-later',
      );
    case 'settings-unreadable':
      if (error.subject === undefined) {
        return text(
          'The settings file could not be read, so tenants may be missing. It was left as it is.',
          'Check the permissions of the data folder and the room on the disk, then start the app again. Until then no change is saved.',
          'none',
        );
      }
      return text(
        'The settings file could not be read completely, so tenants may be missing.',
        `Add them again. The old file was kept as ${error.subject} beside the new one.`,
        'none',
      );
    case 'settings-restored':
      return text(
        'The settings file was damaged or gone, so the copy of its last change was used.',
        `Look whether anything is missing.${error.subject === undefined ? '' : ` The damaged file was kept as ${error.subject} beside the new one.`}`,
        'none',
      );
    case 'settings-not-saved':
      if (error.subject !== undefined) {
        return text(
          `Changes of tenants and settings are not saved, because ${error.subject}.`,
          'What is on disk was left as it is. Use the newer version again.',
          'none',
        );
      }
      return text(
        'The change could not be saved to disk.',
        'Make room on the disk or check the permissions of the data folder, then try again.',
        'retry-later',
      );
    case 'sign-in-needed':
      return text(
        `${name}: there is no token, and none can be fetched without you.`,
        'Sign in.',
        'sign-in',
      );
    case 'clipboard-failed':
      return text(
        `${name}: the clipboard did not take the token.`,
        'Try again; another program may be holding the clipboard.',
        'retry-later',
      );
    case 'tenant-unknown':
      return text('This tenant does not exist any more.', 'Choose another one.', 'none');
    case 'provider-unknown':
      return text(
        `${name}: this version of Bearer Tray does not know the provider of this tenant.`,
        'Update Bearer Tray, or remove the tenant and add it again.',
        'fix-config',
      );
    case 'input-invalid':
      return text(
        `${name}: some entries are missing or not right.`,
        'Correct the marked fields.',
        'fix-config',
      );
    case 'internal':
      return text(
        `${name}: something went wrong inside the app.`,
        'Try again. If it happens again, please report it.',
        'retry-later',
      );
  }
}
