// The reader's language, and words in it.
import { shared } from "./ui.js";
import { kept } from "./kept.js";

const first = kept("language") || (navigator.language?.startsWith("ja") ? "ja" : "en");
export const language = shared(first);
document.documentElement.lang = first;
language.hear((now) => {
  kept("language", now);
  document.documentElement.lang = now;
});

// In a component: `const t = words(text)`, then t("key") or t("key", { count: 3 }) for "{count} tasks".
export function words(text) {
  const now = language.use();
  return (key, values) => {
    const found = text[now]?.[key] ?? text.en?.[key] ?? key;
    return values ? found.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole) : found;
  };
}
