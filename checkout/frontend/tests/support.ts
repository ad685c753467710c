/** What the tests of several views share: facts, and an API that does as it is told. */

import { vi } from "vitest";
import type { Api } from "../src/api";
import type { Checkout } from "../src/model";

export const ID = "0f8fad5b-d9cb-469f-a165-70867728950e";

export function checkout(changes: Partial<Checkout> = {}): Checkout {
  return {
    id: ID,
    customer: "Ada Lovelace",
    status: "open",
    items: [],
    totalCents: 0,
    createdAt: "2026-03-01T09:30:00Z",
    ...changes,
  };
}

export const TEA = { sku: "TEA-1", name: "Green tea", quantity: 2, unitPriceCents: 350 } as const;

/** Every call fails the test unless it was given an answer. */
export function fakeApi(answers: Partial<Api>): Api {
  const refuse = (name: string) => () => Promise.reject(new Error(`unexpected call: ${name}`));
  return {
    list: vi.fn(answers.list ?? refuse("list")),
    read: vi.fn(answers.read ?? refuse("read")),
    create: vi.fn(answers.create ?? refuse("create")),
    addItem: vi.fn(answers.addItem ?? refuse("addItem")),
    pay: vi.fn(answers.pay ?? refuse("pay")),
    cancel: vi.fn(answers.cancel ?? refuse("cancel")),
  };
}

/** jsdom lays nothing out and so has no modal dialogs: enough of them to press their buttons. */
export function teachDialogs(): void {
  HTMLDialogElement.prototype.showModal = function showModal(this: HTMLDialogElement) {
    this.setAttribute("open", "");
  };
  HTMLDialogElement.prototype.close = function close(this: HTMLDialogElement) {
    this.removeAttribute("open");
  };
}
