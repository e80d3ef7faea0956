// The records of a time, asked for once, when nobody types any more.
import { ask, useEffect, useState } from "../../lib/index.js";

export function useRange(asked, when) {
  const [found, set] = useState({});
  const key = JSON.stringify(asked);
  useEffect(() => {
    if (!when) return undefined;
    let gone = false;
    const timer = setTimeout(() => {
      ask("logs.search", asked).then(
        (data) => gone || set({ data }),
        (error) => gone || set({ error }),
      );
    }, 300);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [key, when]);
  return when ? found : {};
}
