/** One polite live region for the whole application: it outlives the views, so it is always heard. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";

export type Announce = (message: string) => void;

export const AnnounceContext = createContext<Announce>(() => undefined);

export function useAnnounce(): Announce {
  return useContext(AnnounceContext);
}
