// The console: the page that is shown, in its frame.
import { html, render } from "./lib/index.js";
import { Shell } from "./shell.js";

const root = document.getElementById("console");
root.replaceChildren();
render(html`<${Shell} />`, root);
