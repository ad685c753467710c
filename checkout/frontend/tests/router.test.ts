import { describe, expect, it } from "vitest";
import { detailPath, parseRoute } from "../src/router";
import { ID } from "./support";

describe("parseRoute", () => {
  it.each([
    ["/", { view: "list" }],
    ["/checkouts", { view: "list" }],
    ["/checkouts/", { view: "list" }],
    ["/checkouts/new", { view: "create" }],
    [`/checkouts/${ID}`, { view: "detail", id: ID }],
    [`/checkouts/${ID.toUpperCase()}`, { view: "detail", id: ID }],
    ["/checkouts/12", { view: "unknown" }],
    [`/checkouts/${ID}/more`, { view: "unknown" }],
    ["/elsewhere", { view: "unknown" }],
    ["/checkouts/%E0%A4%A", { view: "unknown" }],
  ])("reads %s", (path, route) => {
    expect(parseRoute(path)).toEqual(route);
  });

  it("reads what detailPath writes", () => {
    expect(parseRoute(detailPath(ID))).toEqual({ view: "detail", id: ID });
  });
});
