/**
 * oidc-provider, loaded without its development notices and on Node 20 too.
 */
import type { Provider } from 'oidc-provider';

/**
 * oidc-provider 9 says on import that it wants Node 22 and, when its development login pages are
 * enabled, that they are. Both are meant here, and a test's output should hold only the test's.
 */
export async function createProvider(
  issuer: string,
  configuration: Readonly<Record<string, unknown>>,
): Promise<Provider> {
  addUrlParse();
  const { warn } = console;
  console.warn = (...values: readonly unknown[]) => {
    if (!String(values[0]).includes('oidc-provider WARNING')) warn(...values);
  };
  try {
    const module = await import('oidc-provider');
    return new module.Provider(issuer, configuration);
  } finally {
    console.warn = warn;
  }
}

/** oidc-provider calls `URL.parse`, which came with Node 22.1. */
function addUrlParse(): void {
  if (Object.hasOwn(URL, 'parse')) return;
  URL.parse = (input: string | URL, base?: string | URL) =>
    URL.canParse(input.toString(), base?.toString()) ? new URL(input, base) : null;
}
