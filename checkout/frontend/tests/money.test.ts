import { describe, expect, it } from "vitest";
import { formatMoney, MAX_UNIT_PRICE_CENTS, parseMoney } from "../src/money";

describe("parseMoney", () => {
  it.each([
    ["12", 1200],
    ["12.5", 1250],
    ["12,50", 1250],
    [" € 12.50 ", 1250],
    ["12.50 €", 1250],
    ["0", 0],
    ["0.07", 7],
    ["0.29", 29],
    ["1.15", 115],
    ["4.35", 435],
    ["19.99", 1999],
    ["1000000.00", MAX_UNIT_PRICE_CENTS],
  ])("reads %s as exact cents", (text, cents) => {
    expect(parseMoney(text)).toBe(cents);
  });

  it.each(["", " ", ".5", "1.", "1.234", "1,234", "1,234.50", "-1", "+1", "1e3", "0x10", "NaN", "1 000", "1000000.01", "99999999999"])(
    "refuses %j",
    (text) => {
      expect(parseMoney(text)).toBeUndefined();
    },
  );

  it("agrees with formatMoney on every cent up to one hundred euros", () => {
    for (let cents = 0; cents <= 10_000; cents += 1) {
      expect(parseMoney(formatMoney(cents))).toBe(cents);
    }
  });
});

describe("formatMoney", () => {
  it.each([
    [0, "€0.00"],
    [5, "€0.05"],
    [1999, "€19.99"],
    [123_456_789, "€1,234,567.89"],
    [-150, "-€1.50"],
    [Number.MAX_SAFE_INTEGER, "€90,071,992,547,409.91"],
  ])("writes %i cents as %s", (cents, text) => {
    expect(formatMoney(cents)).toBe(text);
  });
});
