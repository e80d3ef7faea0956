// Names without what all of them begin with, such as `shop-dev-`: the bar shows it once.
import { html, shared } from "./ui.js";

export const prefix = shared("");

// Also a text with names in it. The whole one is its title, what is copied, and what is read aloud.
export function Name({ of }) {
  const common = prefix.use();
  if (!common || !of?.includes(common)) return of;
  return html`<span title=${of}>${of.split(common).map((part, index) => (index ? html`<span class="prefix">${common}</span>${part}` : part))}</span>`;
}

// For what takes text only, such as an option.
export const shortened = (name) => (prefix.get() ? name.replaceAll(prefix.get(), "") : name);
