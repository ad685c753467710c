/** What the API speaks of, and the checks that turn an unknown answer into it. */

export const STATUSES = ["open", "paid", "cancelled"] as const;
export type Status = (typeof STATUSES)[number];

export interface Item {
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  readonly unitPriceCents: number;
}

export interface Checkout {
  readonly id: string;
  readonly customer: string;
  readonly status: Status;
  readonly items: readonly Item[];
  readonly totalCents: number;
  /** RFC 3339 date and time. */
  readonly createdAt: string;
}

export interface Page {
  readonly checkouts: readonly Checkout[];
  /** The cursor of the next page; undefined on the last one. */
  readonly next: string | undefined;
}

/** The answer is not what the API promises. */
export class UnexpectedShape extends Error {
  override readonly name = "UnexpectedShape";
}

type Fields = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function record(value: unknown, what: string): Fields {
  if (!isRecord(value)) throw new UnexpectedShape(`${what} is not an object`);
  return value;
}

function text(fields: Fields, key: string): string {
  const value = fields[key];
  if (typeof value !== "string") throw new UnexpectedShape(`${key} is not a text`);
  return value;
}

function integer(fields: Fields, key: string): number {
  const value = fields[key];
  if (typeof value !== "number" || !Number.isSafeInteger(value)) {
    throw new UnexpectedShape(`${key} is not a whole number`);
  }
  return value;
}

function list(fields: Fields, key: string): readonly unknown[] {
  const value = fields[key];
  if (!Array.isArray(value)) throw new UnexpectedShape(`${key} is not a list`);
  return value;
}

function toItem(value: unknown): Item {
  const fields = record(value, "item");
  return {
    sku: text(fields, "sku"),
    name: text(fields, "name"),
    quantity: integer(fields, "quantity"),
    unitPriceCents: integer(fields, "unit_price_cents"),
  };
}

/** A checkout out of the JSON of the API; throws UnexpectedShape. */
export function toCheckout(value: unknown): Checkout {
  const fields = record(value, "checkout");
  const status = STATUSES.find((known) => known === fields["status"]);
  if (status === undefined) throw new UnexpectedShape("status is not one that is known");
  return {
    id: text(fields, "id"),
    customer: text(fields, "customer"),
    status,
    items: list(fields, "items").map(toItem),
    totalCents: integer(fields, "total_cents"),
    createdAt: text(fields, "created_at"),
  };
}

/** A page of the list out of the JSON of the API; throws UnexpectedShape. */
export function toPage(value: unknown): Page {
  const fields = record(value, "page");
  const next = fields["next"];
  if (next !== undefined && next !== null && typeof next !== "string") {
    throw new UnexpectedShape("next is not a text");
  }
  return { checkouts: list(fields, "checkouts").map(toCheckout), next: next ?? undefined };
}
