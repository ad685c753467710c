/** Money is an integer number of cents everywhere; text is only its outside. */

const CURRENCY = "EUR";
const formatter = new Intl.NumberFormat("en", { style: "currency", currency: CURRENCY });

/** The largest unit price that the form takes, in cents: one million euros. */
export const MAX_UNIT_PRICE_CENTS = 100_000_000;

/** `1234` → `€12.34`. The amount goes in as a decimal string, so nothing is rounded on the way. */
export function formatMoney(cents: number): string {
  const sign = cents < 0 ? "-" : "";
  const digits = String(Math.abs(cents)).padStart(3, "0");
  const decimal = `${sign}${digits.slice(0, -2)}.${digits.slice(-2)}`;
  return formatter.format(decimal as Intl.StringNumericLiteral);
}

/**
 * `12`, `12.5`, `12,50`, `€ 12.50` → cents, without passing through a float.
 * Undefined for everything else: a sign, more than two decimals, a thousands separator
 * (`1,234` could be either), an amount too large.
 */
export function parseMoney(text: string): number | undefined {
  const match = /^(?:€\s*)?(\d{1,9})(?:[.,](\d{1,2}))?(?:\s*€)?$/.exec(text.trim());
  if (match === null) return undefined;
  const whole = match[1] ?? "";
  const fraction = (match[2] ?? "").padEnd(2, "0");
  const cents = Number.parseInt(whole + fraction, 10);
  return cents <= MAX_UNIT_PRICE_CENTS ? cents : undefined;
}
