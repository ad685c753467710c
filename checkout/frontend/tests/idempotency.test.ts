import { describe, expect, it, vi } from "vitest";
import { forgetPaymentKey, paymentKey, randomUuid } from "../src/idempotency";
import { ID } from "./support";

describe("randomUuid", () => {
  it("is a version 4 UUID and needs no secure context", () => {
    vi.stubGlobal("crypto", {
      getRandomValues: (bytes: Uint8Array) => bytes.fill(0xff),
    });
    expect(randomUuid()).toBe("ffffffff-ffff-4fff-bfff-ffffffffffff");
  });

  it("differs each time", () => {
    expect(new Set(Array.from({ length: 100 }, randomUuid)).size).toBe(100);
  });
});

describe("paymentKey", () => {
  it("stays the same for a retry and changes with the amount", () => {
    const key = paymentKey(ID, 700);
    expect(paymentKey(ID, 700)).toBe(key);
    expect(paymentKey(ID, 701)).not.toBe(key);
    forgetPaymentKey(ID, 700);
    expect(paymentKey(ID, 700)).not.toBe(key);
  });

  it("survives a reload through the session's storage", async () => {
    const key = paymentKey(ID, 900);
    vi.resetModules();
    const reloaded = await import("../src/idempotency");
    expect(reloaded.paymentKey(ID, 900)).toBe(key);
  });

  it("works where storage is switched off", () => {
    vi.stubGlobal("sessionStorage", {
      getItem: () => {
        throw new Error("denied");
      },
      setItem: () => {
        throw new Error("denied");
      },
      removeItem: () => {
        throw new Error("denied");
      },
    });
    const key = paymentKey(ID, 1100);
    expect(paymentKey(ID, 1100)).toBe(key);
    forgetPaymentKey(ID, 1100);
    expect(paymentKey(ID, 1100)).not.toBe(key);
  });
});
