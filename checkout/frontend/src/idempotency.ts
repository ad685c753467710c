/** Idempotency keys: one per intention to pay, the same for every retry of it. */

/**
 * A version 4 UUID (RFC 9562). `crypto.randomUUID` exists only in secure contexts, and this page
 * is also served over plain http; `getRandomValues` exists in both.
 */
export function randomUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-");
}

const memory = new Map<string, string>();

function slot(checkoutId: string, amountCents: number): string {
  return `payment:${checkoutId}:${amountCents}`;
}

/** The key for paying this amount of this checkout. It survives a reload, so a retry never pays twice. */
export function paymentKey(checkoutId: string, amountCents: number): string {
  const name = slot(checkoutId, amountCents);
  const known = memory.get(name) ?? stored(name);
  const key = known ?? randomUuid();
  memory.set(name, key);
  try {
    sessionStorage.setItem(name, key);
  } catch {
    // Storage may be switched off; the key then lives as long as the page.
  }
  return key;
}

/** Forget the key once the service has given its final answer. */
export function forgetPaymentKey(checkoutId: string, amountCents: number): void {
  const name = slot(checkoutId, amountCents);
  memory.delete(name);
  try {
    sessionStorage.removeItem(name);
  } catch {
    // Nothing was stored.
  }
}

function stored(name: string): string | undefined {
  try {
    return sessionStorage.getItem(name) ?? undefined;
  } catch {
    return undefined;
  }
}
