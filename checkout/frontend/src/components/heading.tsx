import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

let firstView = true;

/**
 * The heading of a view. After a navigation it takes the focus, so that a keyboard or a screen
 * reader starts there; on the first view the browser's own start is left alone.
 */
export function Heading({ children, title }: { children: ComponentChildren; title: string }) {
  const element = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    if (firstView) {
      firstView = false;
      return;
    }
    element.current?.focus();
    scrollTo(0, 0);
  }, []);
  useLayoutEffect(() => {
    document.title = title === "Checkouts" ? title : `${title} · Checkouts`;
  }, [title]);
  return (
    <h1 ref={element} tabIndex={-1}>
      {children}
    </h1>
  );
}
