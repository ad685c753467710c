import { describe, expect, it } from "vitest";
import { MAX_QUANTITY, MAX_TEXT, validateCustomer, validateItem } from "../src/validation";

const GOOD = { sku: " TEA-1 ", name: "Green tea", quantity: "2", unitPrice: "3,50" };

describe("validateItem", () => {
  it("turns a good draft into an item in cents, without outer spaces", () => {
    expect(validateItem(GOOD)).toEqual({
      item: { sku: "TEA-1", name: "Green tea", quantity: 2, unitPriceCents: 350 },
      errors: {},
    });
  });

  it("names each wrong field and no other", () => {
    const { item, errors } = validateItem({ ...GOOD, sku: " ", unitPrice: "cheap" });
    expect(item).toBeUndefined();
    expect(errors).toEqual({
      sku: "Enter the SKU.",
      unitPrice: expect.stringContaining("such as 12.50") as string,
    });
  });

  it.each(["0", "-1", "1.5", "", "two", String(MAX_QUANTITY + 1)])(
    "refuses the quantity %j",
    (quantity) => {
      expect(validateItem({ ...GOOD, quantity }).errors.quantity).toMatch(/whole number/);
    },
  );
});

describe("validateCustomer", () => {
  it("asks for a name that is there and not too long", () => {
    expect(validateCustomer("  ")).toEqual({ error: "Enter the customer's name." });
    expect(validateCustomer("x".repeat(MAX_TEXT + 1)).error).toMatch(/at most/);
    expect(validateCustomer(" Ada ")).toEqual({ value: "Ada" });
  });
});
