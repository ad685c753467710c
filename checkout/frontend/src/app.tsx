import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { AnnounceContext } from "./announcer";
import type { Api } from "./api";
import { Link } from "./components/link";
import { listPath, parseRoute, usePath } from "./router";
import { CreateView } from "./views/create";
import { DetailView } from "./views/detail";
import { ListView } from "./views/list";
import { UnknownView } from "./views/unknown";

/** How long a message about something done stays to be read, in milliseconds. */
export const MESSAGE_MS = 10_000;

/** The frame: landmarks, the live region, and the view that the address names. */
export function App({ api }: { api: Api }) {
  const path = usePath();
  const [message, setMessage] = useState({ text: "", path: "" });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const announce = useCallback((next: string) => {
    clearTimeout(timer.current);
    setMessage({ text: next, path: location.pathname });
    timer.current = setTimeout(() => setMessage({ text: "", path: "" }), MESSAGE_MS);
  }, []);
  useEffect(() => () => clearTimeout(timer.current), []);

  return (
    <AnnounceContext.Provider value={announce}>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header>
        <nav aria-label="Main">
          <Link to={listPath} class="brand">
            All checkouts
          </Link>
        </nav>
      </header>
      <main id="main" tabIndex={-1}>
        <p class="message" role="status">
          {/* What was said about one page means nothing on the next. */}
          {message.path === path ? message.text : ""}
        </p>
        <View api={api} path={path} />
      </main>
    </AnnounceContext.Provider>
  );
}

function View({ api, path }: { api: Api; path: string }) {
  const route = parseRoute(path);
  switch (route.view) {
    case "list":
      return <ListView api={api} />;
    case "create":
      return <CreateView api={api} />;
    case "detail":
      // The key makes another checkout another view, with nothing left over from the last.
      return <DetailView key={route.id} api={api} id={route.id} />;
    case "unknown":
      return <UnknownView />;
  }
}
