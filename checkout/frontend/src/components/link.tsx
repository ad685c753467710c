import type { ComponentChildren, Ref } from "preact";
import { leaveToBrowser, navigate } from "../router";

interface Props {
  to: string;
  children: ComponentChildren;
  class?: string;
  anchor?: Ref<HTMLAnchorElement>;
}

/** A real link that does not load the page again. */
export function Link({ to, children, class: className, anchor }: Props) {
  return (
    <a
      href={to}
      ref={anchor ?? null}
      class={className}
      onClick={(event) => {
        if (leaveToBrowser(event)) return;
        event.preventDefault();
        navigate(to);
      }}
    >
      {children}
    </a>
  );
}
