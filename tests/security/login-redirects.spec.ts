/** LONG (about a minute): with somebody listening at the redirect URI, 200 sign-ins in every form, and nobody ever gets there. */
import {
  DELIVERY_NAMES,
  deliverAsTenantSays,
  SELF_DRIVEN,
  type DeliveryName,
} from '../emulators/hostile-pages.ts';
import type { HostileServer } from '../emulators/hostile-server.ts';
import { expect, test } from '../e2e/login-fixtures.ts';
import {
  beginSignIn,
  census,
  censusIs,
  hostileTenant,
  pressContinue,
  providerPage,
  rowOf,
} from '../e2e/login-driver.ts';

const SIGN_INS = 200;

test.setTimeout(180_000);

test('B-05 B-02 200 sign-ins in every form send nothing to the redirect URI', async ({
  server,
  listener,
  secureListener,
  launch,
}) => {
  server.behave({ authorize: deliverAsTenantSays(server) });
  const byItself = DELIVERY_NAMES.flatMap((delivery) =>
    [listener, secureListener].map(({ redirectUri }) => ({ delivery, redirectUri, byHand: false })),
  );
  const byHand = DELIVERY_NAMES.filter(waitsForHand).map((delivery, index) => ({
    delivery,
    redirectUri: [listener, secureListener][index % 2]!.redirectUri,
    byHand: true,
  }));
  const kinds = [...byHand, ...byItself];
  const tenants = kinds.map((kind) => ({
    ...kind,
    ...hostileTenant(server, `${kind.delivery} ${kind.redirectUri} ${String(kind.byHand)}`, {
      redirectUri: kind.redirectUri,
      parameters: [
        `delivery=${kind.delivery}`,
        ...(kind.byHand ? ['by=hand'] : []),
        ...(kind.delivery.startsWith('form_post') ? ['response_mode=form_post'] : []),
      ].join('\n'),
    }),
  }));
  const tray = await launch(tenants);
  const popover = await tray.popover();
  const before = await census(tray.app);
  // Those by hand once, the others again and again
  const order = [...tenants];
  while (order.length < SIGN_INS) order.push(...tenants.slice(byHand.length));

  for (const [index, tenant] of order.slice(0, SIGN_INS).entries()) {
    const request = server.nextRequest('/authorize');
    const end = beginSignIn(popover, tenant.id);
    if (tenant.byHand) await pressContinue(await providerPage(tray, await request));
    expect(await end, `${String(index)} ${tenant.name}`).toEqual({ ok: true, value: null });
    if (index < tenants.length) expect((await rowOf(popover, tenant.id)).status.kind).toBe('fresh');
    expect(redeemed(server).length, tenant.name).toBe(index + 1);
  }

  expect([listener, secureListener].map((each) => each.connections())).toEqual([0, 0]);
  expect(new Set(redeemed(server)).size).toBe(SIGN_INS);
  await censusIs(tray.app, before);
});

function waitsForHand(delivery: DeliveryName): boolean {
  return !SELF_DRIVEN.includes(delivery) && delivery !== 'top from a frame';
}

function redeemed(server: HostileServer): readonly (string | null)[] {
  return server.requests('/token').map(({ form }) => form.get('code'));
}
