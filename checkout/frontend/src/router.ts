/** Routes as plain paths, so that every view survives a reload and can be bookmarked. */

import { useEffect, useState } from "preact/hooks";

export type Route =
  | { view: "list" }
  | { view: "create" }
  | { view: "detail"; id: string }
  | { view: "unknown" };

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export const listPath = "/";
export const createPath = "/checkouts/new";

export function detailPath(id: string): string {
  return `/checkouts/${encodeURIComponent(id)}`;
}

/** The route that a path names. */
export function parseRoute(path: string): Route {
  const parts = path.split("/").filter((part) => part !== "");
  if (parts.length === 0) return { view: "list" };
  if (parts[0] !== "checkouts" || parts.length > 2) return { view: "unknown" };
  const second = parts[1];
  if (second === undefined) return { view: "list" };
  if (second === "new") return { view: "create" };
  return UUID.test(second) ? { view: "detail", id: second.toLowerCase() } : { view: "unknown" };
}

const CHANGED = "checkout:navigated";

/** Go to a path without loading the page again. */
export function navigate(path: string): void {
  history.pushState(null, "", path);
  dispatchEvent(new Event(CHANGED));
}

/** The current path; the component renders again whenever it changes. */
export function usePath(): string {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    const follow = (): void => setPath(location.pathname);
    addEventListener("popstate", follow);
    addEventListener(CHANGED, follow);
    return () => {
      removeEventListener("popstate", follow);
      removeEventListener(CHANGED, follow);
    };
  }, []);
  return path;
}

/** True for a click that the browser should handle itself: a new tab, a download, another button. */
export function leaveToBrowser(event: MouseEvent): boolean {
  return event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
}
