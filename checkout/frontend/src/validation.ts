/** What the forms accept; each refusal is one sentence that says what to type instead. */

import type { Item } from "./model";
import { formatMoney, MAX_UNIT_PRICE_CENTS, parseMoney } from "./money";

/** What the forms take at most; the service decides for itself and its refusal is shown. */
export const MAX_TEXT = 200;
export const MAX_SKU = 64;
export const MAX_QUANTITY = 10_000;

export interface Draft {
  readonly sku: string;
  readonly name: string;
  readonly quantity: string;
  readonly unitPrice: string;
}

export type DraftErrors = { readonly [field in keyof Draft]?: string };

export interface Checked<T> {
  readonly value?: T;
  readonly error?: string;
}

export function validateCustomer(text: string): Checked<string> {
  return checkText(text, "the customer's name", MAX_TEXT);
}

/** The item, or an error for each field that needs another look. */
export function validateItem(draft: Draft): { item?: Item; errors: DraftErrors } {
  const sku = checkText(draft.sku, "the SKU", MAX_SKU);
  const name = checkText(draft.name, "the name", MAX_TEXT);
  const quantity = checkQuantity(draft.quantity);
  const price = checkPrice(draft.unitPrice);
  if (
    sku.value !== undefined &&
    name.value !== undefined &&
    quantity.value !== undefined &&
    price.value !== undefined
  ) {
    return {
      item: {
        sku: sku.value,
        name: name.value,
        quantity: quantity.value,
        unitPriceCents: price.value,
      },
      errors: {},
    };
  }
  return {
    errors: {
      ...(sku.error === undefined ? {} : { sku: sku.error }),
      ...(name.error === undefined ? {} : { name: name.error }),
      ...(quantity.error === undefined ? {} : { quantity: quantity.error }),
      ...(price.error === undefined ? {} : { unitPrice: price.error }),
    },
  };
}

function checkText(text: string, what: string, most: number): Checked<string> {
  const value = text.trim();
  if (value === "") return { error: `Enter ${what}.` };
  if (value.length > most) return { error: `Use at most ${most} characters.` };
  return { value };
}

function checkQuantity(text: string): Checked<number> {
  const trimmed = text.trim();
  const value = /^\d{1,9}$/.test(trimmed) ? Number.parseInt(trimmed, 10) : 0;
  if (value >= 1 && value <= MAX_QUANTITY) return { value };
  return { error: `Enter a whole number from 1 to ${MAX_QUANTITY}.` };
}

function checkPrice(text: string): Checked<number> {
  const value = parseMoney(text);
  if (value !== undefined) return { value };
  const most = formatMoney(MAX_UNIT_PRICE_CENTS);
  return { error: `Enter an amount such as 12.50, at most ${most}, without thousands separators.` };
}
