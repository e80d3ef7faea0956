// Light or dark: as the system says, or as the reader has chosen.
import { shared } from "./ui.js";
import { kept } from "./kept.js";

export const colour = shared(kept("colour") || "system"); // system | light | dark

function show(now) {
  if (now === "system") delete document.documentElement.dataset.colour;
  else document.documentElement.dataset.colour = now;
}

show(colour.get());
colour.hear((now) => {
  kept("colour", now === "system" ? "" : now);
  show(now);
});

// For parts that draw their own colours: style sheets have `light-dark()`.
const system = matchMedia("(prefers-color-scheme: dark)");
const dark = () => colour.get() === "dark" || (colour.get() === "system" && system.matches);
export const isDark = shared(dark());
colour.hear(() => isDark.set(dark()));
system.addEventListener("change", () => isDark.set(dark()));
