import { cleanup } from "@testing-library/preact";
import { options } from "preact";
import { afterEach, beforeEach } from "vitest";

// Effects run as soon as the page is drawn. By default preact waits for a frame or 35 ms, and that
// timer outlives the page of the last test of a file: on a busy machine it then looks for functions
// of a browser that is gone, and the suite fails by chance.
options.requestAnimationFrame = queueMicrotask;

beforeEach(() => {
  history.replaceState(null, "", "/");
  sessionStorage.clear();
});
afterEach(cleanup);
