/** Loading as a value: every view shows each of its three states. */

import { useCallback, useEffect, useState } from "preact/hooks";
import { ApiError } from "./api";

export type Loaded<T> =
  | { readonly state: "loading" }
  | { readonly state: "failed"; readonly sentence: string; readonly status: number | undefined }
  | { readonly state: "ready"; readonly value: T };

/** The sentence to show for whatever was thrown. */
export function sentenceOf(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  return "Something went wrong on this page. Reload it and try again.";
}

/** Load when the view appears and whenever `key` changes; an answer to an older question is dropped. */
export function useLoaded<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
): [Loaded<T>, (value: T) => void, () => void] {
  const [loaded, setLoaded] = useState<Loaded<T>>({ state: "loading" });
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    const abort = new AbortController();
    setLoaded({ state: "loading" });
    load(abort.signal).then(
      (value) => {
        if (!abort.signal.aborted) setLoaded({ state: "ready", value });
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        const status = error instanceof ApiError ? error.status : undefined;
        setLoaded({ state: "failed", sentence: sentenceOf(error), status });
      },
    );
    return () => abort.abort();
    // `load` is a new function on every render; the key says when the question is another one.
  }, [key, attempt]);

  const replace = useCallback((value: T) => setLoaded({ state: "ready", value }), []);
  const retry = useCallback(() => setAttempt((count) => count + 1), []);
  return [loaded, replace, retry];
}
