// Details beside the page: Esc or the cross closes, and the focus goes back to where it came from.
import { html, useEffect, useRef } from "./ui.js";
import { Name } from "./name.js";
import { words } from "./words.js";
import { useKeys } from "./keys.js";

const text = { en: { close: "Close" }, ja: { close: "閉じる" } };

export function Drawer({ title, subtitle, onClose, children, actions }) {
  const t = words(text);
  const panel = useRef();
  useKeys({ Escape: onClose });
  useEffect(() => {
    const before = document.activeElement;
    panel.current.focus({ preventScroll: true });
    return () => before?.isConnected && before.focus?.();
  }, []);
  return html`<section class="drawer" ref=${panel} tabindex="-1" role="complementary" aria-label=${title}>
    <header class="drawer-head"><div class="drawer-title"><h2>${typeof title === "string" ? html`<${Name} of=${title} />` : title}</h2>${subtitle && html`<p>${subtitle}</p>`}</div>
      <div class="row">${actions}<button type="button" class="button quiet" onClick=${onClose} title="Esc" aria-label=${t("close")}>✕</button></div></header>
    <div class="drawer-body" tabindex="0" role="group" aria-label=${title}>${children}</div></section>`;
}
