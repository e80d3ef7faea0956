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

export const isDark = () =>
  colour.get() === "dark" || (colour.get() === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
