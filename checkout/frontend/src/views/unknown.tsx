import { Heading } from "../components/heading";
import { Link } from "../components/link";
import { listPath } from "../router";

/** An address that means nothing here. */
export function UnknownView() {
  return (
    <section>
      <Heading title="Page not found">Page not found</Heading>
      <p>
        There is nothing at this address. <Link to={listPath}>Go to the list</Link>
      </p>
    </section>
  );
}
