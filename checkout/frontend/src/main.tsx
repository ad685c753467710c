import { render } from "preact";
import { api } from "./api";
import { App } from "./app";

const root = document.getElementById("app");
if (root === null) throw new Error("index.html has no element with the id app");
render(<App api={api} />, root);
