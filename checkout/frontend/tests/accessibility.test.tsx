import { render, screen } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { beforeAll, describe, expect, it } from "vitest";
import { type Api, ApiError } from "../src/api";
import { App } from "../src/app";
import { createPath, detailPath } from "../src/router";
import { checkout, fakeApi, ID, TEA, teachDialogs } from "./support";

beforeAll(() => {
  teachDialogs();
  document.documentElement.lang = "en";
});

/** What axe finds; colours need a layout and are looked at in a real browser. */
async function violations(): Promise<string[]> {
  const { violations: found, passes } = await axe.run(document, {
    rules: { "color-contrast": { enabled: false } },
  });
  expect(passes.length).toBeGreaterThan(5);
  return found.map((rule) => `${rule.id}: ${rule.nodes.map((node) => node.html).join(" ")}`);
}

function open(path: string, answers: Partial<Api>): void {
  history.replaceState(null, "", path);
  render(<App api={fakeApi(answers)} />);
}

describe("axe finds nothing on", () => {
  it("the list", async () => {
    open("/", { list: () => Promise.resolve({ checkouts: [checkout()], next: "c" }) });
    await screen.findByRole("listitem");
    expect(await violations()).toEqual([]);
  });

  it("a failure", async () => {
    open("/", { list: () => Promise.reject(new ApiError("Not now.")) });
    await screen.findByRole("alert");
    expect(await violations()).toEqual([]);
  });

  it("the create form with an error", async () => {
    open(createPath, {});
    await userEvent.click(screen.getByRole("button", { name: "Create checkout" }));
    expect(await violations()).toEqual([]);
  });

  it("a checkout with its forms and the question", async () => {
    open(detailPath(ID), {
      read: () => Promise.resolve(checkout({ items: [TEA], totalCents: 700 })),
    });
    await userEvent.click(await screen.findByRole("button", { name: "Cancel checkout" }));
    expect(await violations()).toEqual([]);
  });

  it("nothing but what is really wrong: an unlabelled box is seen", async () => {
    open(createPath, {});
    document.body.append(document.createElement("input"));
    const found = await violations();
    document.body.lastElementChild?.remove();
    expect(found.join()).toContain("label");
  });
});
